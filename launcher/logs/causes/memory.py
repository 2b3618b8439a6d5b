"""Memory of the GPU (or of the machine, for vLLM on the CPU) that does not do."""

from __future__ import annotations

from launcher.logs.cause import ROOT, Rule, Values, fix, rule, share
from launcher.logs.diagnosis import Fix

DEFAULT_UTILIZATION = 0.9


def _too_small(values: Values) -> str:
    head = f"One request of {values.count('len')} tokens needs"
    if values["need"] == values["have"]:  # small models: both are rounded
        return f"{head} more KV cache than there is."
    return f"{head} {values['need']} GiB of KV cache; {values['have']} GiB are there."


def _shorter(values: Values) -> tuple[Fix, ...]:
    length = values.number("est")
    found: list[Fix] = []
    if length and length >= 1:
        found.append(fix(f"Lower --max-model-len to {int(length):,}: vLLM's own estimate.", max_model_len=int(length)))
    return (*found, *_more_memory(values), fix("Store the KV cache in 8 bits.", kv_cache_dtype="fp8"),
            Fix("Use more GPUs (--tensor-parallel-size), or a quantized model."))  # fmt: skip


def _more_memory(values: Values) -> tuple[Fix, ...]:
    if any(name in values.args for name in ("kv-cache-memory-bytes", "kv_cache_memory_bytes")):
        return (Fix("Raise --kv-cache-memory-bytes: while it is set, --gpu-memory-utilization does nothing."),)
    now = values.given("gpu-memory-utilization") or DEFAULT_UTILIZATION
    if now > 0.94:
        return ()
    more = round(min(0.97, now + 0.05), 2)
    return (fix(f"Raise --gpu-memory-utilization to {more:g}, if nothing else uses the GPU.",
                gpu_memory_utilization=more),)  # fmt: skip


def _stored(values: Values) -> tuple[Fix, ...]:
    length = int(values.number("have") or 0)
    return (
        *((fix(f"Lower --max-model-len to {length:,}.", max_model_len=length),) if length > 0 else ()),
        *_more_memory(values),
    )


def _nothing_left(values: Values) -> tuple[Fix, ...]:
    return (
        *_more_memory(values),
        fix("Do without CUDA graphs, which need memory of their own.", enforce_eager=True),
        Fix("Use a smaller or quantized model, or more GPUs (--tensor-parallel-size)."),
        Fix("Lower --max-num-batched-tokens and --max-num-seqs: what is reserved for them is free for the cache then."),
    )


def _busy(values: Values) -> tuple[Fix, ...]:
    less = share(values.number("free"), values.number("total"))
    found = [Fix("Free the GPU: `vdeck doctor` lists who holds it; look for processes called VLLM:: of no run.")]
    if less is not None:
        found.append(fix(f"Take only what is free: --gpu-memory-utilization {less:g}.", gpu_memory_utilization=less))
    return (*found, Fix("Pin the run to another GPU: `resources: {gpus: [1]}`."))


def _less_at_once(values: Values) -> tuple[Fix, ...]:
    number = int(values.number("n") or 256)
    lower = max(1, number // 2)
    return (fix(f"Lower --max-num-seqs to {lower}.", max_num_seqs=lower), *_lower_share(values))


def _lower_share(values: Values) -> tuple[Fix, ...]:
    now = values.given("gpu-memory-utilization") or DEFAULT_UTILIZATION
    less = round(now - 0.05, 2)
    if less < 0.3:
        return ()
    return (fix(f"Lower --gpu-memory-utilization to {less:g}: what vLLM leaves free is for such peaks.",
                gpu_memory_utilization=less),)  # fmt: skip


def _out_of_memory(values: Values) -> tuple[Fix, ...]:
    """``phase``: load, start or serving, as far as the log had come."""
    if values["phase"] == "load":
        return (
            Fix("Use a smaller or quantized model, or more GPUs (--tensor-parallel-size): the weights do not fit."),
            Fix("Free the GPU, if another process holds part of it: `vdeck doctor`."),
        )
    return (
        *_lower_share(values),
        fix("Do without CUDA graphs.", enforce_eager=True),
        Fix("Lower --max-num-seqs, --max-num-batched-tokens or --max-model-len."),
    )


def _ram(values: Values) -> tuple[Fix, ...]:
    if "util" in values:
        less = share(values.number("free"), values.number("total"), 0.05)
        found = (
            (fix(f"Lower --gpu-memory-utilization to {less:g}: on the CPU it is the share of the machine's memory.",
                 gpu_memory_utilization=less),)
            if less is not None else ()
        )  # fmt: skip
        return (*found, fix("Say how large the cache is: --kv-cache-memory-bytes 1G.", kv_cache_memory_bytes="1G"))
    free = values.number("free")
    gib = max(1, int(free / 2)) if free else 1
    return (
        fix(f"Lower --kv-cache-memory-bytes to {gib}G (or VLLM_CPU_KVCACHE_SPACE).", kv_cache_memory_bytes=f"{gib}G"),
    )


def _ram_cause(values: Values) -> str:
    if "free" not in values:
        return f"vLLM uses {values['used']} GiB already, more than its share of the machine's memory."
    return (
        f"vLLM wants {values['want']} GiB of the machine's memory on node {values['node']}; "
        f"{values['free']} of {values['total']} GiB are free there."
    )


RULES: tuple[Rule, ...] = (
    rule(
        "kv-too-small", ROOT,
        r"To serve at least one request with the models?(?:'s)? max seq len \((?P<len>\d+)\), \(?(?P<need>[\d.]+) GiB "
        r"KV cache is needed, which is larger than the available KV cache memory \((?P<have>[\d.]+) GiB\)"
        r"(?:\. Based on the available memory,?\s*the estimated maximum model length is (?P<est>\d+))?",
        lambda v: f"KV cache too small for {v.count('len')} tokens",
        _too_small,
        _shorter,
        ("ValueError: To serve at least one request with the model's max seq len (4096), (0.00 GiB KV cache is needed, "
         "which is larger than the available KV cache memory (0.00 GiB). Based on the available memory, the estimated "
         "maximum model length is 896. Try increasing `gpu_memory_utilization`",
         "ValueError: To serve at least one request with the models's max seq len (32768), (4.00 GiB KV cache is "
         "needed, which is larger than the available KV cache memory (1.20 GiB). Try increasing"),
    ),
    rule(
        "kv-too-small-v0", ROOT,
        r"The model's max seq len \((?P<len>\d+)\) is larger than the maximum number of tokens that can be stored in "
        r"KV cache \((?P<have>\d+)\)",
        lambda v: f"KV cache too small for {v.count('len')} tokens",
        lambda v: f"The KV cache holds {v.count('have')} tokens, fewer than the {v.count('len')} of one request.",
        _stored,
        ("ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be stored "
         "in KV cache (57936). Try increasing `gpu_memory_utilization`",),
    ),
    rule(
        "no-kv-memory", ROOT, r"No available memory for the cache blocks\.",
        "No memory left for the KV cache",
        "Weights and working memory use up all that vLLM may take of the GPU.",
        _nothing_left,
        ("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when "
         "initializing the engine.",),
    ),
    rule(
        "gpu-busy", ROOT,
        r"Free memory on device(?: (?P<dev>\S+))? \((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\) on startup is less than "
        r"(?:desired GPU memory utilization|the engine's budget after excluding external process's weights) "
        r"\((?P<util>[\d.]+), (?P<want>[\d.]+) GiB\)",
        lambda v: f"GPU memory is taken: {v['free']} of {v['total']} GiB free",
        lambda v: f"vLLM wants {v['want']} GiB (--gpu-memory-utilization {v['util']}), but another process holds part "
                  f"of the GPU: {v['free']} of {v['total']} GiB are free.",
        _busy,
        ("ValueError: Free memory on device cuda:0 (66.58/139.81 GiB) on startup is less than desired GPU memory "
         "utilization (0.9, 125.83 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
         "ValueError: Free memory on device (7.31/15.77 GiB) on startup is less than desired GPU memory utilization "
         "(0.9, 14.19 GiB)."),
    ),
    rule(
        "mem-profiling", ROOT, r"Error in memory profiling\. Initial free memory",
        "GPU memory changed while vLLM measured it",
        "Another process gave memory of the GPU back, or took some, while vLLM measured what is free.",
        (Fix("Start it again when the GPU is quiet; never start two servers on one GPU at the same moment."),),
        ("AssertionError: Error in memory profiling. Initial free memory 70.1 GiB, current free memory 78.2 GiB.",),
    ),
    rule(
        "oom-load", ROOT, r"Failed to load model - not enough GPU memory\.",
        "The weights do not fit into the GPU",
        "GPU memory ran out while the weights were loaded.",
        (Fix("Use a quantized or smaller model, or more GPUs (--tensor-parallel-size)."),
         Fix("Free the GPU, if another process holds part of it: `vdeck doctor`."),
         Fix("Keep part of the weights in the machine's memory: --cpu-offload-gb.")),
        ("(Worker_TP0 pid=9) ERROR 11-22 06:00:00 [gpu_model_runner.py:5079] Failed to load model - not enough GPU "
         "memory. Try lowering --gpu-memory-utilization to free memory for weights",),
    ),
    rule(
        "oom-warmup", ROOT,
        r"CUDA out of memory occurred when warming up (?P<what>sampler|pooler) (?:with )?(?:\([^)]*\) )?(?:with )?"
        r"(?P<n>\d+) dummy requests",
        lambda v: f"GPU memory ran out for {v['n']} requests at once",
        lambda v: f"The {v['what']} was tried with {v['n']} requests at once (--max-num-seqs), and memory ran out.",
        _less_at_once,
        ("RuntimeError: CUDA out of memory occurred when warming up sampler with 1024 dummy requests. Please try "
         "lowering `max_num_seqs` or `gpu_memory_utilization`",),
    ),
    rule(
        "cuda-oom", ROOT,
        r"torch\.(?:cuda\.)?OutOfMemoryError|CUDA out of memory\. Tried to allocate (?P<amt>[\d.]+ \w+)"
        r"|CUDA error: out of memory",
        "GPU memory ran out",
        lambda v: {"load": "The weights did not fit into the GPU", "serving": "Memory ran out while it served"}.get(
            v["phase"], "Memory ran out while the engine was made ready") + (
            f": {v['amt']} more were wanted." if "amt" in v else "."),
        _out_of_memory,
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 896.00 MiB. GPU 0 has a total capacity of "
         "79.19 GiB of which 512.06 MiB is free.",
         "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB."),
    ),
    rule(
        "cpu-mem", ROOT,
        r"Available memory on node (?P<node>\d+) \((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\) on (?:startup is less than "
        r"desired CPU memory utilization|kv cache allocation is less than requested memory for kv) "
        r"\((?:(?P<util>[\d.]+), )?(?P<want>[\d.]+)"
        r"|The worker already uses (?P<used>[\d.]+) GiB \(model weights and runtime\), more than the",
        "Not enough memory for vLLM on the CPU",
        _ram_cause, _ram,
        ("ValueError: Available memory on node 0 (9.74/11.09 GiB) on startup is less than desired CPU memory "
         "utilization (0.92, 10.2 GiB).",
         "ValueError: Available memory on node 0 (9.74/11.09 GiB) on kv cache allocation is less than requested memory "
         "for kv (64.0 GiB)."),
    ),
)  # fmt: skip
