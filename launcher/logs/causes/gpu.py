"""Driver, CUDA, kernels, and GPUs that talk to each other."""

from __future__ import annotations

from launcher.logs.cause import ROOT, WEAK, Rule, env_fix, fix, rule
from launcher.logs.diagnosis import Fix

RULES: tuple[Rule, ...] = (
    rule(
        "driver-old", ROOT,
        r"The NVIDIA driver on your system is too old \(found version (?P<v>\d+)\)|provided PTX was compiled with an "
        r"unsupported toolchain|CUDA driver version is insufficient for CUDA runtime version|forward compatibility was "
        r"attempted on non supported HW",
        "The NVIDIA driver is too old for this engine",
        lambda v: "This vLLM was built for a newer CUDA than the driver knows"
                  + (f" (the driver knows {v['v']})." if "v" in v else "."),
        (Fix("Install a newer driver (CUDA 13 needs 580 or newer)."),
         Fix("Or an older vLLM, built for this CUDA: `vdeck engine install VERSION`.")),
        ("RuntimeError: The NVIDIA driver on your system is too old (found version 12040). Please update your GPU "
         "driver",),
    ),
    rule(
        "no-driver", ROOT,
        r"Found no NVIDIA driver on your system|No CUDA GPUs are available|no CUDA-capable device is detected"
        r"|NVML_ERROR_(?:DRIVER_NOT_LOADED|LIBRARY_NOT_FOUND)|Failed to infer device type",
        "vLLM sees no GPU",
        "No driver is loaded, or CUDA_VISIBLE_DEVICES hides every GPU.",
        (Fix("Look at `vdeck doctor` and nvidia-smi; in a container, at --gpus all."),
         env_fix("Take CUDA_VISIBLE_DEVICES out.", CUDA_VISIBLE_DEVICES=None),
         Fix("On a machine without a GPU use the CPU build: `vdeck engine install --variant cpu`.")),
        ("RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`",
         "RuntimeError: No CUDA GPUs are available"),
    ),
    rule(
        "no-kernel", ROOT,
        r"no kernel image is available for execution on the device"
        r"|not compatible with the current PyTorch installation",
        "The engine has no kernels for this GPU",
        "The GPU is older or newer than those that this vLLM was built for.",
        (Fix("Use a vLLM that was built for it, or another GPU."),),
        ("RuntimeError: CUDA error: no kernel image is available for execution on the device",),
    ),
    rule(
        "nvcc", ROOT,
        r"Could not find nvcc|No such file or directory: '(?:\S*/)?nvcc'|nvcc: (?:command )?not found"
        r"|Ninja build failed|ptxas fatal|fatal error: \S+\.h: No such file or directory"
        r"|RuntimeError: Ninja is required"
        r"|Failed to find C compiler|CalledProcessError: .*ninja|CUDA_HOME environment variable is not set",
        "A kernel could not be compiled",
        "FlashInfer, Triton or DeepGEMM builds kernels at the start, and compiler or CUDA toolkit are missing.",
        (env_fix("Do without FlashInfer's sampler.", VLLM_USE_FLASHINFER_SAMPLER="0"),
         Fix("Install gcc, ninja and the CUDA toolkit of the engine's CUDA, and set CUDA_HOME."),
         Fix("Use another --attention-backend; clear ~/.cache/flashinfer.")),
        ("RuntimeError: Could not find nvcc and default cuda_home='/usr/local/cuda' doesn't exist",
         "RuntimeError: Failed to find C compiler. Please specify via CC environment variable"),
    ),
    rule(
        "fork-cuda", ROOT, r"Cannot re-initialize CUDA in forked subprocess",
        "CUDA was used before the workers were forked",
        "A plugin or a call before vLLM touched the GPU in the parent process.",
        (env_fix("Start the workers anew instead of forking them.", VLLM_WORKER_MULTIPROC_METHOD="spawn"),),
        ("RuntimeError: Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, you must use "
         "the 'spawn' start method",),
    ),
    rule(
        "illegal-access", ROOT,
        r"CUDA error: an illegal memory access was encountered|CUDA error: (?:unspecified launch failure|device-side "
        r"assert triggered|misaligned address)|(?P<e>CUBLAS_STATUS_\w+)",
        "A kernel crashed on the GPU",
        "The kernel itself, or the GPU, is at fault; nothing in the manifest says which.",
        (fix("Do without CUDA graphs and compiled kernels.", enforce_eager=True),
         Fix("Try another --attention-backend, or a newer vLLM."),
         Fix("Look for Xid lines in dmesg; report it with CUDA_LAUNCH_BLOCKING=1.")),
        ("torch.AcceleratorError: CUDA error: an illegal memory access was encountered",),
    ),
    rule(
        "xid", ROOT,
        r"NVRM: Xid|CUDA error: (?:uncorrectable ECC error|unknown error)|GPU has fallen off the bus|GPU is lost",
        "The GPU itself failed",
        "Driver or hardware report a fault.",
        (Fix("Take the GPU out of use, reset it, and look at dmesg and nvidia-smi -q."),),
        ("RuntimeError: CUDA error: uncorrectable ECC error encountered",),
    ),
    rule(
        "nccl-timeout", ROOT, r"Watchdog caught collective operation timeout: WorkNCCL\(SeqNum=\d+, OpType=(?P<op>\w+)",
        "One GPU did not answer the others",
        lambda v: f"A rank hung in {v['op']} until the watchdog ended all of them.",
        (Fix("Look for an error of another rank further up."),
         env_fix("Do without direct transfers between GPUs.", NCCL_P2P_DISABLE="1"),
         fix("Do without vLLM's own all-reduce.", disable_custom_all_reduce=True)),
        ("[rank1]: Watchdog caught collective operation timeout: WorkNCCL(SeqNum=5, OpType=ALLREDUCE, NumelIn=1)",),
    ),
    rule(
        "nccl", WEAK,
        r"NCCL error: (?P<e>[^(\n]+)|nccl(?:System|UnhandledCuda|Internal|Remote|InvalidUsage)\w*(?:Error)?",
        "The GPUs cannot talk to each other (NCCL)",
        "Often shared memory in a container, or a machine whose GPUs have no direct way to each other.",
        (env_fix("Do without direct transfers between GPUs.", NCCL_P2P_DISABLE="1"),
         Fix("In a container: --ipc=host or a larger --shm-size."),
         env_fix("Let NCCL say more.", NCCL_DEBUG="INFO")),
        ("RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)",),
    ),
)  # fmt: skip
