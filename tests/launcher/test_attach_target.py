"""What people type for the address of a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.errors import UsageError
from launcher.runs.target import parse


@pytest.mark.parametrize(
    "typed, url",
    [
        ("http://box:8000", "http://box:8000"),
        ("box:8000", "http://box:8000"),
        ("box", "http://box"),
        ("  http://box:8000/ ", "http://box:8000"),
        ("HTTPS://Box.Example:443/v1/", "https://box.example"),
        ("http://box:80", "http://box"),
        ("https://box:80", "https://box:80"),
        ("http://box:8000/v1/chat/completions", "http://box:8000"),
        ("http://box:8000/metrics", "http://box:8000"),
        ("http://box/team-a/v1/models", "http://box/team-a"),
        ("http://box/v1x", "http://box/v1x"),
        ("http://0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("http://[::]:8000", "http://[::1]:8000"),
        ("http://[2001:DB8::1]:8000/x/", "http://[2001:db8::1]:8000/x"),
        ("http://bücher.example", "http://xn--bcher-kva.example"),
    ],
)
def test_a_url_in_its_normal_form(typed: str, url: str) -> None:
    assert parse(typed).url == url
    assert parse(url) == parse(typed), "the normal form means the same"


@pytest.mark.parametrize(
    "typed, says",
    [
        ("", "names no host"),
        ("http://", "names no host"),
        (":8000", "names no host"),
        ("8000", "write it as http://127.0.0.1:8000"),
        ("ftp://box", "neither http:// nor https://"),
        ("unix:///tmp/x", "neither http:// nor https://"),
        ("http:/box", "no URL"),
        ("http://box:0", "no usable port"),
        ("http://box:99999", "no URL"),
        ("http://box:abc", "no URL"),
        ("http://[zz]", "no URL"),
        ("http://a..b", "cannot be"),
        ("http://b_x!", "cannot be"),
        ("http://[fe80::1%eth0]", "cannot be"),
        ("http://box/a b", "no URL"),
        ("http://box/a//b", "character that no path has"),
        ("http://box/?key=x", "before any ? or #"),
        ("http://box/v1#", "before any ? or #"),
        ("http://bo\nx", "no URL"),
    ],
)
def test_what_is_no_address_of_a_server_says_why(typed: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(typed)
    assert says in caught.value.sentence()


@pytest.mark.parametrize(
    "typed", ["http://me:hunter2@box", "me:hunter2@box:1", "http://me:hunter2@box:abc", "x://hunter2@b"]
)
def test_a_secret_in_the_url_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(typed)
    assert "hunter2" not in caught.value.sentence() + caught.value.detail
    assert "VLLM_API_KEY" in caught.value.fix


@pytest.mark.parametrize(
    "host, local",
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("127.evil.example", False),
     ("localhost.example", False), ("10.0.0.1", False)],
)  # fmt: skip
def test_only_this_machine_is_local(host: str, local: bool) -> None:
    assert parse(f"http://{host}:1").is_local == local


def test_one_server_by_two_names() -> None:
    assert parse("http://localhost:1").same_server(parse("127.0.0.1:1/v1"))
    assert not parse("http://localhost:1").same_server(parse("http://localhost:2"))
    assert not parse("http://box:1/a").same_server(parse("http://box:1/b"))
    assert not parse("http://box:1").same_server(parse("http://127.0.0.1:1"))


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_a_sentence(typed: str) -> None:
    try:
        found = parse(typed)
    except UsageError as error:
        assert error.title and error.fix
    else:
        assert parse(found.url) == found
        assert found.url.isascii() and found.url.isprintable() and " " not in found.url
