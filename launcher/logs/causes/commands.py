"""Commands that are not vLLM: git, pip, the shell, Python."""

from __future__ import annotations

from launcher.logs.cause import WEAK, Rule, rule
from launcher.logs.diagnosis import Fix

RULES: tuple[Rule, ...] = (
    rule(
        "git-auth", WEAK,
        r"fatal: (?:Authentication failed for '(?P<u>[^']+)'|could not read (?:Username|Password) for '(?P<u2>[^']+)')"
        r"|Permission denied \(publickey\)|remote: HTTP Basic: Access denied",
        "git may not read the repository",
        "It is private (or does not exist, which some hosts answer the same way), and no credentials were given.",
        (Fix("Give the import credentials, or mend its URL."),),
        ("fatal: could not read Username for 'https://example.com': terminal prompts disabled",),
    ),
    rule(
        "git-missing", WEAK,
        r"fatal: repository '(?P<u>[^']+)' (?:not found|does not exist)|(?:ERROR: )?Repository not found\."
        r"|fatal: '(?P<u2>[^']+)' does not appear to be a git repository|fatal: Remote branch (?P<b>\S+) not found",
        lambda v: f"git finds no branch {v['b']}" if "b" in v else "git finds no such repository",
        lambda v: f"{v['u']} is not there." if "u" in v else "Its URL or branch is wrong.",
        (Fix("Mend the URL (or ref) of the import."),
         Fix("If it is private, give the import credentials: some hosts answer so to who may not see it.")),
        ("fatal: repository 'https://example.com/x.git' not found",
         "fatal: Remote branch dev not found in upstream origin"),
    ),
    rule(
        "pip", WEAK,
        r"(?:ERROR: )?(?:No matching distribution found for (?P<p>\S+)|Could not find a version that satisfies the "
        r"requirement (?P<p2>\S+)|Could not open requirements file: .*'(?P<f>[^']+)')",
        lambda v: f"pip finds no file {v['f']}" if "f" in v else f"pip finds no package {v['p']}",
        "The name, the version, or the index is wrong; or no build of it is for this Python.",
        (Fix("Mend the requirement, or the step's folder (workdir)."),),
        ("ERROR: Could not find a version that satisfies the requirement no-such-package-x (from versions: none)",
         "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'"),
    ),
    rule(
        "no-command", WEAK,
        r"(?:^|: )(?:line \d+: )?(?P<c>[\w./+-]+): (?:command )?not found\s*$",
        lambda v: f"No such command: {v['c']}",
        "It is not installed, or not on the PATH of the run.",
        (Fix("Install it in an earlier step, or give its whole path."),),
        ("/bin/bash: line 1: nope: command not found", "sh: 1: nope: not found"),
    ),
    rule(
        "no-script", WEAK,
        r"(?:can't open file '(?P<f>[^']+)'|(?:^|: )(?:line \d+: )?(?:cd: )?(?P<f2>[^\s:]+): No such file or directory"
        r"|FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<f3>[^']+)')",
        lambda v: f"No such file: {v['f']}",
        "The path is wrong, or the step runs in another folder than it was written for.",
        (Fix("Mend the path, or the step's workdir; relative paths start there."),),
        ("python3: can't open file '/app/api-test.py': [Errno 2] No such file or directory",
         "/bin/bash: line 1: ./serve.sh: No such file or directory"),
    ),
    rule(
        "not-executable", WEAK, r"(?:^|: )(?:line \d+: )?(?P<f>[^\s:]+): Permission denied\s*$",
        lambda v: f"{v['f']} may not be run",
        "It has no right to be executed.",
        (Fix("`chmod +x` it, or call it through its interpreter (`bash FILE`, `python FILE`)."),),
        ("/bin/bash: line 1: ./serve.sh: Permission denied",),
    ),
)  # fmt: skip
