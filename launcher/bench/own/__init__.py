"""Our own benchmark client: for servers that vdeck only attached to, and for engines without ``vllm bench serve``.

It takes the flags of ``vllm bench serve``, measures by the same definitions, and writes the same JSON. Open loop: a
request is sent when it is due, whether or not earlier ones are answered. ``python -m launcher.bench.own FLAGS``
"""
