"""A command line, or a model's configuration, that cannot be."""

from __future__ import annotations

import re

from launcher.logs.cause import REQUEST, ROOT, WEAK, Rule, Values, env_fix, fix, rule
from launcher.logs.diagnosis import Change, Fix


def _heads(values: Values) -> tuple[Fix, ...]:
    heads, wanted = int(values.number("heads") or 0), int(values.number("tp") or 0)
    fitting = [size for size in range(1, wanted) if heads % size == 0] if heads and wanted else []
    if not fitting:
        return (Fix("Choose a --tensor-parallel-size that divides the number of heads."),)
    best = fitting[-1]
    return (
        fix(f"Set --tensor-parallel-size to {best}, which divides {heads}.", tensor_parallel_size=best),
        Fix("Use --pipeline-parallel-size for the other GPUs."),
    )


def _gpus(values: Values) -> tuple[Fix, ...]:
    there = int(values.number("n") or 0)
    if there < 1:
        return (Fix("Look at `vdeck doctor`: vLLM sees no GPU (CUDA_VISIBLE_DEVICES?)."),)
    return (
        fix(f"Set --tensor-parallel-size to {there}.", tensor_parallel_size=there, pipeline_parallel_size=None),
        Fix("Give the run more GPUs (`resources: {gpus: …}`), or use several machines (--nnodes, or Ray)."),
    )


def _nodes(values: Values) -> int:
    return len([node for node in values["nodes"].split(",") if node.strip()])


def _one_a_node(values: Values) -> tuple[Fix, ...]:
    nodes = max(1, _nodes(values))
    return (
        fix(f"Set --tensor-parallel-size to {nodes}.", tensor_parallel_size=nodes),
        Fix("Or bind the threads yourself: VLLM_CPU_OMP_THREADS_BIND."),
    )


def _batched(values: Values) -> tuple[Fix, ...]:
    needed = int(values.number("b") or 0)
    return (fix(f"Raise --max-num-batched-tokens to {needed:,}.", max_num_batched_tokens=needed),) if needed else ()


def _usage(values: Values) -> tuple[Fix, ...]:
    message = values["msg"]
    unknown = re.search(r"unrecognized arguments: (--?[\w.-]+)", message)
    if unknown:
        name = unknown[1].lstrip("-").split("=")[0]
        return (
            Fix(f"Take --{name} out: this vLLM does not know it.", (Change(name, None),)),
            Fix("`vllm serve --help=all` lists what this version knows; another version may know it."),
        )
    bad = re.search(r"argument (?:-\w/|\S+, )?--([\w-]+)", message)
    if bad:
        return (
            Fix(f"Give --{bad[1]} another value, or take it out: then its default holds.", (Change(bad[1], None),)),
        )
    return (Fix("Mend the command line; `vllm serve --help=all` lists every flag."),)


def _longer(values: Values) -> tuple[Fix, ...]:
    limit = int(values.number("derived") or 0)
    return (
        *((fix(f"Lower --max-model-len to {limit:,}, the model's own limit.", max_model_len=limit),) if limit else ()),
        Fix("Stretch the positions with --hf-overrides (RoPE scaling), if the model's card says how."),
        env_fix("Allow it all the same: answers beyond the limit may be nonsense.",
                VLLM_ALLOW_LONG_MAX_MODEL_LEN="1"),
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    rule(
        "max-len-too-big", ROOT,
        r"User-specified max_model_len \((?P<len>\d+)\) is greater than the derived max_model_len "
        r"\((?P<key>[^=]+)=(?P<derived>\d+)",
        lambda v: f"--max-model-len {v.count('len')} is more than the model can",
        lambda v: f"The model's configuration ends at {v.count('derived')} tokens ({v['key']}).",
        _longer,
        ("  Value error, User-specified max_model_len (100000) is greater than the derived max_model_len "
         "(max_position_embeddings=4096.0 or model_max_length=None in model's config.json).",),
    ),
    rule(
        "tp-heads", ROOT,
        r"Total number of attention heads \((?P<heads>\d+)\) must be divisible by tensor parallel size "
        r"\((?P<tp>\d+)\)",
        lambda v: f"{v['heads']} attention heads cannot be shared by {v['tp']} GPUs",
        lambda v: f"--tensor-parallel-size {v['tp']} does not divide the {v['heads']} heads of the model.",
        _heads,
        ("  Value error, Total number of attention heads (28) must be divisible by tensor parallel size (8).",),
    ),
    rule(
        "tp-gpus", ROOT,
        r"World size \((?P<ws>\d+)\) is larger than the number of available GPUs \((?P<n>\d+)\) in this node"
        r"|Tensor parallel size \((?P<ws2>\d+)\) cannot be larger than the number of available GPUs \((?P<n2>\d+)\)"
        r"|world_size \((?P<ws3>\d+)\) is less than than max local gpu count \((?P<n3>\d+)\)"
        r"|local_world_size \((?P<ws4>\d+)\) must be less than or equal to the number of visible devices \((?P<n4>\d+)",
        lambda v: f"{v['ws']} GPUs are asked for, {v['n']} are there",
        lambda v: f"--tensor-parallel-size times --pipeline-parallel-size is {v['ws']}; vLLM sees {v['n']} GPUs.",
        _gpus,
        ("  Value error, World size (4) is larger than the number of available GPUs (1) in this node. If this is "
         "intentional and you are using multi-node",
         "ValueError: Tensor parallel size (16) cannot be larger than the number of available GPUs (8)."),
    ),
    rule(
        "cpu-nodes", ROOT,
        r"Not enough allowed NUMA nodes to bind threads of (?P<tp>\d+) local CPUWorkers\. Allowed NUMA nodes are "
        r"\[(?P<nodes>[\d, ]*)\]",
        lambda v: f"{v['tp']} workers, and fewer memory nodes",
        lambda v: f"On the CPU each worker gets a memory node of its own; this machine has {_nodes(v)}.",
        _one_a_node,
        ("AssertionError: Not enough allowed NUMA nodes to bind threads of 4 local CPUWorkers. Allowed NUMA nodes are "
         "[0]. Please try to bind threads manually or decrease DP/TP/PP.",),
    ),
    rule(
        "ep-experts", ROOT, r"(?P<k>n_physical_experts|num_experts)\S* must be divisible by (?:ep_size|tp_size)",
        "The experts cannot be shared by so many GPUs",
        "The number of experts of the model is no multiple of the parallel size.",
        (Fix("Choose another --tensor-parallel-size or --data-parallel-size."),),
        ("AssertionError: num_experts=60 must be divisible by ep_size 8",),
    ),
    rule(
        "bf16-cc", ROOT,
        r"Bfloat16 is only supported on GPUs with compute capability of at least 8\.0\. Your (?P<gpu>.+?) GPU "
        r"(?:has compute capability (?P<cc>[\d.]+)|does not)",
        lambda v: f"{v['gpu']} cannot compute in bfloat16",
        lambda v: f"bfloat16 needs compute capability 8.0; this GPU has {v.get('cc', 'less')}.",
        (fix("Compute in float16: --dtype half.", dtype="half"),),
        ("ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU "
         "has compute capability 7.5. You can use float16 instead",),
    ),
    rule(
        "quant-gpu", ROOT,
        r"The quantization method (?P<q>\S+) is not supported for the current GPU\. Minimum capability: (?P<min>\d+)\. "
        r"Current capability: (?P<cur>\d+)"
        r"|Quantization scheme is not supported for \W*the current GPU\. Min capability: (?P<min2>\d+)\. "
        r"\W*Current capability: (?P<cur2>\d+)",
        "This GPU is too old for the quantization",
        lambda v: f"It needs compute capability {v['min']}, the GPU has {v['cur']}.",
        (Fix("Take the model in another quantization: AWQ needs 75, GPTQ 60, FP8 weights 75 or 80, full FP8 89."),),
        ("  Value error, The quantization method fp8 is not supported for the current GPU. Minimum capability: 80. "
         "Current capability: 75.",),
    ),
    rule(
        "quant-mismatch", ROOT,
        r"Quantization method specified in the model config \((?P<a>[^)]*)\) does not match the quantization method "
        r"specified in the `quantization` argument \((?P<b>[^)]*)\)",
        lambda v: f"--quantization {v['b']} contradicts the model",
        lambda v: f"The checkpoint is {v['a']}.",
        (fix("Take --quantization out: it is found by itself.", quantization=None),),
        ("  Value error, Quantization method specified in the model config (awq) does not match the quantization "
         "method specified in the `quantization` argument (gptq).",),
    ),
    rule(
        "quant-unknown", ROOT, r"Unknown quantization method: (?P<q>[^.]+)\. Must be one of",
        lambda v: f"This vLLM does not know the quantization {v['q']}",
        "The name is misspelt, or newer than the engine.",
        (Fix("Mend --quantization, or use a newer vLLM (`vdeck engine install`)."),),
        ("  Value error, Unknown quantization method: mxfp8. Must be one of ['awq', 'fp8'].",),
    ),
    rule(
        "batched-tokens", ROOT,
        r"max_num_batched_tokens \((?P<a>\d+)\) (?:is smaller than max_model_len|must be greater than or equal to "
        r"max_num_seqs) \((?P<b>\d+)\)",
        lambda v: f"--max-num-batched-tokens {v.count('a')} is too small",
        lambda v: f"It must be at least {v.count('b')}.",
        _batched,
        ("  Value error, max_num_batched_tokens (1024) is smaller than max_model_len (4096). This effectively limits",
         "  Value error, max_num_batched_tokens (64) must be greater than or equal to max_num_seqs (128)."),
    ),
    rule(
        "attn-backend", ROOT,
        r"No valid attention backend found for|Selected backend \S+ is not valid for this configuration\. Reason:",
        "The attention backend cannot be used here",
        "It does not go with this GPU, data type or kind of KV cache.",
        (fix("Take --attention-backend out: vLLM finds one by itself.", attention_backend=None),
         env_fix("Take VLLM_ATTENTION_BACKEND out.", VLLM_ATTENTION_BACKEND=None),
         Fix("Use another --kv-cache-dtype or --dtype.")),
        ("ValueError: Selected backend AttentionBackendEnum.FLASHINFER is not valid for this configuration. Reason: "
         "['head_size not supported']",),
    ),
    rule(
        "tool-parser", ROOT,
        r"Error: --enable-auto-tool-choice requires --tool-call-parser"
        r"|invalid (?P<k>tool call|reasoning) parser: (?P<p>\S+) \(chose from",
        "The tool or reasoning parser is wrong",
        "Its name is missing, or this vLLM does not know it; the line lists those that it knows.",
        (Fix("Give --tool-call-parser (or --reasoning-parser) a name from the list."),),
        ("TypeError: Error: --enable-auto-tool-choice requires --tool-call-parser",
         "KeyError: 'invalid tool call parser: lama (chose from { hermes,llama3_json })'"),
    ),
    rule(
        "argparse", ROOT,
        r"(?:^|\s)vllm(?: \w+)?: error: (?P<msg>.+)"
        r"|(?:^|\s)\S+: error: (?P<msg2>(?:unrecognized arguments|argument \S+):? ?.+)",
        lambda v: _usage_title(v["msg"]),
        "vLLM refused its command line.",
        _usage,
        ("vllm: error: unrecognized arguments: --no-such-flag 3",
         "vllm serve: error: argument --port: invalid int value: 'abc'",
         "api_server.py: error: unrecognized arguments: --guided-decoding-backend outlines"),
    ),
    rule(
        "trust-remote", ROOT,
        r"contains custom code which must be executed to correctly load the model"
        r"|Failed to load the model config\. If the model is a custom model"
        r"|requires you to execute the (?:configuration|tokenizer|model(?:ing)?) file",
        "The model brings code of its own",
        "vLLM runs the code of a model only when it is told to.",
        (fix("Read the code, then allow it: --trust-remote-code.", trust_remote_code=True),),
        ("ValueError: The repository org/model contains custom code which must be executed to correctly load the model."
         " You can inspect the repository content",),
    ),
    rule(
        "new-arch-hf", ROOT, r"has model type `(?P<t>[^`]+)` but Transformers does not recognize this architecture",
        lambda v: f"The model type {v['t']} is newer than the engine",
        "The transformers library beside this vLLM does not know it.",
        (Fix("Use a newer vLLM (`vdeck engine install`), which brings a newer transformers."),),
        ("  Value error, The checkpoint you are trying to load has model type `qwen9` but Transformers does not "
         "recognize this architecture.",),
    ),
    rule(
        "arch-unsupported", ROOT,
        r"Model architectures (?P<a>\[[^\]]*\]) (?:are not supported for now|failed to be inspected)"
        r"|Model architecture (?P<a2>\S+) (?:was supported in vLLM until|is not supported in-tree anymore)",
        lambda v: f"This vLLM cannot run {v['a'].strip('[]')}".replace("'", ""),
        "The architecture is newer (or much older) than the engine, or is none of a language model.",
        (Fix("Use another vLLM (`vdeck engine install`); look at its list of supported models."),
         Fix("If it says \"failed to be inspected\", an import error further up is the cause.")),
        ("  Value error, Model architectures ['NoSuchForCausalLM'] are not supported for now. Supported architectures:",
         "  Value error, Model architectures ['X'] failed to be inspected. Please check the logs for more details."),
    ),
    rule(
        "tokenizer", WEAK,
        r"Failed to load the tokenizer\. If the tokenizer is a custom tokenizer|Tokenizer class \S+ does not exist or "
        r"is not currently imported|Couldn't instantiate the backend tokenizer|Can't load tokenizer for '",
        "The tokenizer cannot be loaded",
        "Its files are missing from the model, or need another transformers.",
        (Fix("Name the tokenizer of the base model: --tokenizer ORG/MODEL."),
         fix("Use the slow tokenizer.", tokenizer_mode="slow"),
         Fix("Use a newer vLLM, which brings a newer transformers.")),
        ("OSError: Can't load tokenizer for '/models/x'. If you were trying to load it from 'https://huggingface.co/"
         "models', make sure you don't have a local directory with the same name.",
         "ValueError: Couldn't instantiate the backend tokenizer from one of:"),
    ),
    rule(
        "chat-template", REQUEST,
        r"default chat template is no longer|Chat template does not exist for tokenizer",
        "The model has no chat template",
        "It is a base model: it completes text and knows no turns of a conversation.",
        (Fix("Use /v1/completions, the model's instruct version, or give --chat-template a file."),),
        ("ValueError: As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat "
         "template if the tokenizer does not define one.",),
    ),
)  # fmt: skip


def _usage_title(message: str) -> str:
    unknown = re.search(r"unrecognized arguments: (\S+)", message)
    if unknown:
        return f"Unknown flag {unknown[1]}"
    bad = re.search(r"argument ((?:-\w/)?--[\w-]+)", message)
    return f"Wrong value for {bad[1].rpartition('/')[2]}" if bad else "Wrong command line"
