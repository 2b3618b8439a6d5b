"""A model that cannot be had: the hub, the network, the folder, its files."""

from __future__ import annotations

from launcher.logs.cause import ROOT, WEAK, Rule, env_fix, fix, rule
from launcher.logs.diagnosis import Fix

_TOKEN = Fix("Put a valid HF_TOKEN into the environment (`env: {HF_TOKEN: {secret: …}}`).")

RULES: tuple[Rule, ...] = (
    rule(
        "gated", ROOT,
        r"You are trying to access a gated repo|Cannot access gated repo for url|Access to model (?P<m>\S+) is "
        r"restricted",
        "The model is gated",
        "Its owner wants a licence accepted first, or the token does not belong to somebody who did.",
        (Fix("Accept the licence on the model's page on the hub, with the account of the token."), _TOKEN),
        ("OSError: You are trying to access a gated repo.",
         "Cannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.1-8B/resolve/main/config.json."),
    ),
    rule(
        "hf-denied", ROOT,
        r"(?:401 Client Error|403 (?:Client Error|Forbidden)).{0,200}huggingface\.co"
        r"|Invalid credentials in Authorization header|Invalid user token",
        "The hub refuses the token",
        "HF_TOKEN is missing, wrong, or has no right to read this model.",
        (_TOKEN, Fix("A private or misspelt name is answered the same way: look at the model's name.")),
        ("requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/org/m/resolve/"
         "main/config.json",),
    ),
    rule(
        "hf-429", ROOT, r"429 (?:Client Error: )?Too Many Requests",
        "The hub limits the rate",
        "Too many requests came from this address or account.",
        (_TOKEN, env_fix("If the model is in the cache already: do not ask the hub.", HF_HUB_OFFLINE="1"),
         Fix("Wait some minutes.")),
        ("huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/",),
    ),
    rule(
        "hf-offline-mode", ROOT,
        r"Cannot find the requested files in the disk cache and outgoing traffic has been disabled"
        r"|offline mode is enabled|Cannot find an appropriate cached snapshot folder"
        r"|outgoing traffic has been disabled",
        "The model is not in the cache, and the hub may not be asked",
        "HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set, and nothing of this name was downloaded before.",
        (env_fix("Allow the hub: take HF_HUB_OFFLINE out.", HF_HUB_OFFLINE=None, TRANSFORMERS_OFFLINE=None),
         Fix("Download it first, or name a folder."),
         Fix("Look at the model's name.")),
        ("huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder for the "
         "specified revision on the local disk and outgoing traffic has been disabled.",
         "huggingface_hub.errors.OfflineModeIsEnabled: Cannot reach https://huggingface.co/api/models/x: offline mode "
         "is enabled."),
    ),
    rule(
        "hf-offline", ROOT,
        r"We couldn't connect to '(?P<url>[^']+)' to load the files",
        "The hub cannot be reached, and the model is not in the cache",
        lambda v: f"{v['url']} did not answer.",
        (Fix("Look at network, HTTPS_PROXY and HF_ENDPOINT; or download the model first and name the folder."),
         env_fix("If the model is in the cache: do not ask the hub.", HF_HUB_OFFLINE="1")),
        ("OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the "
         "cached files.",),
    ),
    rule(
        "no-model", ROOT,
        r"(?P<m>\S+) is not a local folder and is not a valid model identifier|Repository Not Found for url"
        r"|Incorrect path_or_model_id: '(?P<m2>[^']*)'"
        r"|Repo id must (?:be in the form|use alphanumeric)[^:]*: '(?P<m3>[^']*)'",
        lambda v: f"No such model: {v['m']}" if "m" in v else "No such model",
        "It is neither a folder of this machine nor a name on the hub.",
        (Fix("Mend the model's name or path (a relative path starts at the manifest)."),
         Fix("A private model needs HF_TOKEN.")),
        ("OSError: Repo id must be in the form 'repo_name' or 'namespace/repo_name': '/models/nope'. Use `repo_type` "
         "argument if needed.",
         "OSError: org/nope is not a local folder and is not a valid model identifier listed on "
         "'https://huggingface.co/models'",
         "huggingface_hub.errors.HFValidationError: Repo id must use alphanumeric chars, '-', '_' or '.'. The name "
         "cannot start or end with '-' or '.' and the maximum length is 96: '/models/no pe'."),
    ),
    rule(
        "bad-revision", ROOT,
        r"(?:^|\s)(?P<r>\S+) is not a valid git identifier \(branch name, tag name or commit id\)",
        lambda v: f"No such revision: {v['r']}",
        "The model has no branch, tag or commit of this name.",
        (Fix("Mend --revision, or take it out."),),
        ("OSError: v9 is not a valid git identifier (branch name, tag name or commit id) that exists for this model "
         "name.",),
    ),
    rule(
        "no-weights", ROOT, r"Cannot find any model weights with `(?P<m>[^`]+)`",
        "No weights in the model's folder",
        lambda v: f"{v['m']} holds no file of weights that vLLM can load.",
        (Fix("Download it again, completely; a repository with GGUF files only needs the file named."),
         fix("To try the server without weights: --load-format dummy (answers are noise).", load_format="dummy")),
        ("RuntimeError: Cannot find any model weights with `/models/empty`",),
    ),
    rule(
        "bad-repo", WEAK,
        r"Invalid repository ID or local directory specified:\s*'(?P<m>[^']*)'"
        r"|Could not detect config format for no config file found",
        lambda v: f"No model in {v['m']}" if "m" in v else "No model in this folder",
        "There is no config.json (or params.json) in it.",
        (Fix("Mend the model's path: the folder must hold config.json (Hugging Face) or params.json (Mistral)."),),
        ("  Value error, Invalid repository ID or local directory specified: '/models/empty'. Please verify the "
         "following requirements:",),
    ),
    rule(
        "safetensors-corrupt", ROOT,
        r"(?:SafetensorError).*(?:HeaderTooLarge|header too large|MetadataIncompleteBuffer|InvalidHeader|incomplete "
        r"metadata|HeaderTooSmall|header too small)|Error while deserializing header"
        r"|MemoryError ⟵ .*safetensors",
        "A file of weights is damaged",
        "It is cut off, or only a pointer of git-lfs: the download was not complete.",
        (Fix("Delete the file and download it again (`git lfs pull`, or `hf download --force-download`)."),),
        ("safetensors_rust.SafetensorError: Error while deserializing header: HeaderTooLarge",
         "SafetensorError: Error while deserializing header: incomplete metadata, file not fully covered",
         "MemoryError ⟵ utils.py:113, parse_safetensors_file_metadata"),
    ),
    rule(
        "dns", WEAK,
        r"Name or service not known|Temporary failure in name resolution|Max retries exceeded with url"
        r"|(?:requests|httpx|httpcore)\.(?:exceptions\.)?Connect(?:ion)?(?:Error|Timeout)|Network is unreachable",
        "No network, or a host name that does not exist",
        "A name could not be looked up, or the other side did not answer.",
        (Fix("Look at DNS, HTTPS_PROXY and HF_ENDPOINT, and at --host."),
         env_fix("If the model is in the cache: do not ask the hub.", HF_HUB_OFFLINE="1")),
        ("socket.gaierror: [Errno -2] Name or service not known",
         "httpx.ConnectError: [Errno -3] Temporary failure in name resolution"),
    ),
)  # fmt: skip
