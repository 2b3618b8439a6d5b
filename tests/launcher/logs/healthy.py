"""Logs of starts and stops in which nothing is wrong, as several versions print them."""

from __future__ import annotations

START = """\
W1122 06:32:04.417000 15601 torch/_library/triton.py:53] Triton not available, find_triton_kernels = []
(APIServer pid=1) INFO 11-22 06:32:05 [api_utils.py:286] non-default args: {'model_tag': '/m', 'chat_template': \
"CUDA out of memory. Tried to allocate", 'hf_overrides': {'x': 'RuntimeError: No available memory for the cache blocks.'}}
(APIServer pid=1) WARNING 11-22 06:32:05 [system_utils.py:255] Found ulimit of 20000 and failed to automatically \
increase with error current limit exceeds maximum limit. This can cause fd limit errors like `OSError: [Errno 24] Too \
many open files`. Consider increasing with ulimit -n
(APIServer pid=1) INFO 11-22 06:32:15 [model.py:733] Resolved architecture: LlamaForCausalLM
(EngineCore pid=2) INFO 11-22 06:32:28 [core.py:133] Initializing a V1 LLM engine (v0.32.0) with config: model='/m'
(EngineCore pid=2) INFO 11-22 06:32:28 [gpu_worker.py:1045] Free memory on device (138.1/139.81 GiB) on startup. \
Desired GPU memory utilization is (0.5, 69.9 GiB). Actual usage is 15.0 GiB for weights
/opt/x/vllm/triton_utils/dispatcher.py:138: FutureWarning: `torch.distributed.reduce_op` is deprecated
  if hasattr(value, "__dict__"):
(Worker pid=3) WARNING 11-22 06:32:40 [cpu_worker.py:114] libtcmalloc is not found in LD_PRELOAD.
Loading safetensors checkpoint shards: 100% Completed | 1/1 [00:00<00:00, 138.18it/s]
(Worker pid=3) WARNING 11-22 06:32:40 [x.py:1] Failed to import from vllm._C with ImportError('libcudart.so.13: cannot \
open shared object file: No such file or directory')
(EngineCore pid=2) INFO 11-22 06:32:41 [core.py:402] init engine (profile, create kv cache, warmup model) took 0.15 s
(APIServer pid=1) INFO 11-22 06:32:42 [entry.py:140] Starting vLLM server on http://127.0.0.1:8011
INFO:     Started server process [1]
INFO:     Waiting for application startup.
INFO:     Application startup complete.
""".splitlines()

TRAFFIC = """\
INFO:     127.0.0.1:49736 - "POST /v1/chat/completions HTTP/1.1" 200 OK
INFO:     127.0.0.1:49736 - "POST /v1/nothing HTTP/1.1" 404 Not Found
INFO:     127.0.0.1:49736 - "POST /v1/chat/completions HTTP/1.1" 500 Internal Server Error
(APIServer pid=1) INFO 11-22 06:33:42 [loggers.py:273] Engine 000: Avg prompt throughput: 101.1 tokens/s, Avg \
generation throughput: 10.2 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 0.1%
(APIServer pid=1) INFO 11-22 06:33:43 [logger.py:40] Received request chatcmpl-1: prompt: 'Why does it say RuntimeError: \
CUDA error: an illegal memory access was encountered?', params: SamplingParams(n=1)
""".splitlines()

STOP = """\
(APIServer pid=1) INFO 11-22 06:40:00 [launcher.py:210] [shutdown] API server: shutdown triggered
(APIServer pid=1) ERROR 11-22 06:40:00 [async_llm.py:700] AsyncLLM output_handler failed.
(APIServer pid=1) ERROR 11-22 06:40:00 [async_llm.py:700] Traceback (most recent call last):
(APIServer pid=1) ERROR 11-22 06:40:00 [async_llm.py:700] vllm.v1.engine.exceptions.EngineDeadError: EngineCore \
encountered an issue. See stack trace (above) for the root cause.
(APIServer pid=1) WARNING 11-22 06:40:00 [utils.py:1] force killing remaining process EngineCore
INFO:     Shutting down
INFO:     Finished server process [1]
RuntimeError: NCCL error: unhandled system error
""".splitlines()
