"""How this folder was made: a Llama of two layers without weights, whose tokens are English words and phrases.

    <engine>/bin/python make.py [FOLDER]

Needs ``tokenizers``, which every vLLM brings. With ``load-format: dummy`` vLLM fills the weights with noise: each token
is about as likely as any other. A usual vocabulary (bytes, parts of words) would show garbage then. Here a token is a
word or a short phrase, so even noise reads as words. The phrases are counted in the prose that Python itself carries
(``pydoc_data``): another version of Python makes another vocabulary; this one was made with 3.11.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import string
import sys
from collections import Counter
from pathlib import Path
from pydoc_data import topics

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

VOCABULARY = 4096
CONTEXT = 4096
UNKNOWN, BEGIN, TURN, TURN_END = "<unk>", "<|begin|>", "<|im_start|>", "<|im_end|>"
# Each ends an answer. All tokens being equally likely, 20 of 4096 end it after some 200 tokens.
ENDS = [TURN_END, *(f"<|end_{number:02}|>" for number in range(1, 20))]
SPECIAL = [UNKNOWN, BEGIN, TURN, *ENDS]
SPACE = "\u2581"  # stands for a space inside a token, as in SentencePiece
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|[.,;:?!]|\S")
CODE = (
    {name.lower() for name in dir(builtins)}
    | set(keyword.kwlist)
    | {"foo", "bar", "baz", "spam", "eggs", "abc", "cls", "xyz"}
)
"""Names of the language, less those that are English words too."""
CODE -= {
    "in", "is", "not", "and", "or", "if", "for", "with", "as", "from", "all", "any", "the", "true", "false", "none",
    "sum", "map", "open", "range", "return", "raise", "continue", "break", "while", "else", "import", "class", "object",
    "property", "type", "help", "list", "set", "hash", "iter", "next", "print", "input",
}  # fmt: skip
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def prose() -> list[list[str]]:
    """Sentences as lists of words and marks: paragraphs of the manual that are not code, tables or grammar."""
    sentences = []
    for topic in topics.topics.values():
        for paragraph in re.split(r"\n\s*\n", topic):
            if re.search(r"::=|>>>|\n {6}|[_{}|]", paragraph) or len(paragraph) < 80:
                continue
            text = re.sub(r'["*`()]|\s+', lambda mark: " " if mark[0].isspace() else "", paragraph)
            sentences += [WORD.findall(part) for part in re.split(r"(?<=[.?!]) (?=[A-Z])", text)]
    return sentences


def is_word(text: str) -> bool:
    """A word of plain English, as far as one can tell: letters, not a name of the language or an initialism."""
    plain = text.lower()
    return (text.isalpha() and plain not in CODE and (len(text) > 1 or plain in ("a", "i"))
            and bool(re.search("[aeiouy]", plain)) and (text == plain or text == plain.capitalize()))  # fmt: skip


def count(sentences: list[list[str]]) -> dict[str, Counter[str]]:
    """Candidates for tokens by kind; a token that follows a comma or ends a sentence brings the mark with it."""
    known = Counter(word.lower() for words in sentences for word in words if is_word(word))
    kinds: dict[str, Counter[str]] = {kind: Counter() for kind in ("1", "2", "3", ",", ".")}
    for words in sentences:
        fits = [is_word(word) and known[word.lower()] >= 3 for word in words]
        for at in range(len(words)):
            for length in (1, 2, 3):
                run = words[at : at + length]
                if len(run) == length and all(fits[at : at + length]):
                    phrase = SPACE.join(run)
                    if at == 0:
                        kinds["."][f".{SPACE}{phrase[0].upper()}{phrase[1:]}"] += 1
                    elif words[at - 1] == ",":
                        kinds[","][f",{SPACE}{phrase.lower()}"] += 1
                    else:
                        kinds[str(length)][f"{SPACE}{phrase.lower()}"] += 1
    return kinds


def vocabulary() -> list[tuple[str, float]]:
    """Special tokens, single characters (so that every prompt can be read), words and phrases; with their scores."""
    characters = [SPACE, "\n", *string.ascii_lowercase, *string.digits, *string.punctuation]
    pieces = [(token, -100.0) for token in SPECIAL] + [(one, -14.0) for one in characters]
    kinds = count(prose())
    room = VOCABULARY - len(pieces)
    shares = {"1": room * 27 // 100, ".": room * 8 // 100, ",": room * 8 // 100, "3": room * 22 // 100}
    shares["2"] = room - sum(shares.values())
    for kind in ("1", "2", "3", ",", "."):
        chosen = kinds[kind].most_common(shares[kind])
        assert len(chosen) == shares[kind], (kind, len(chosen), shares[kind])
        # A longer phrase must win over its words, so its price is that of less than one word each.
        pieces += [(token, -8.0 - place / 1000) for place, (token, _) in enumerate(chosen)]
    assert len({token for token, _ in pieces}) == VOCABULARY
    return pieces


def write(folder: Path) -> None:
    scored = [(token, round(score, 3)) for token, score in vocabulary()]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=False))
    plain = [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    tokenizer.normalizer = normalizers.Sequence(plain)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always", split=False)
    tokenizer.add_special_tokens(SPECIAL)
    assert tokenizer.get_vocab_size() == VOCABULARY
    ends = [tokenizer.token_to_id(token) for token in ENDS]
    begin = tokenizer.token_to_id(BEGIN)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    save(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
        "bos_token": BEGIN, "eos_token": TURN_END, "pad_token": BEGIN, "unk_token": UNKNOWN, "chat_template": CHAT,
    })  # fmt: skip
    save(folder / "config.json", {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "vocab_size": VOCABULARY,
        "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 64, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
        "max_position_embeddings": CONTEXT, "tie_word_embeddings": True, "attention_bias": False, "mlp_bias": False,
        "bos_token_id": begin, "eos_token_id": ends[0], "pad_token_id": begin,
    })  # fmt: skip
    save(folder / "generation_config.json", {
        "bos_token_id": begin, "eos_token_id": ends, "pad_token_id": begin, "do_sample": True, "temperature": 1.0,
    })  # fmt: skip


def save(path: Path, value: dict[str, object]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
