"""Checks an exported launch, and opens what people wrote in it: written from docs/record.md, with nothing of gobutton.

    python3 read-export.py launch.ndjson [FOLDER]

FOLDER holds the objects under `launches/ID/words/`, at the same places. Prints one JSON object: how many entries, signatures and messages
fit, which messages the record has sealed, and the words by `seq` (null: nothing opens them). Ends with 1 at the first thing that does not fit.
"""

import base64
import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_public_key

LEVELS = 31


def number(value):
    """As ECMAScript writes it; Python goes over to exponents elsewhere, and writes them with two digits."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    digits, exponent = text.split("e")
    return format(Decimal(text), "f") if -7 < int(exponent) < 21 else f"{digits}e{int(exponent):+d}"


def string(text):
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(one):04x}" if 0xD800 <= ord(one) <= 0xDFFF else one for one in quoted)


def canonical(value):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return string(value)
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    keys = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{string(name)}:{canonical(value[name])}" for name in keys) + "}"


def sha256(value):
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def need(holds, what):
    if not holds:
        sys.exit(f"does not fit: {what}")


def signature_fits(entry):
    key = load_der_public_key(base64.b64decode(entry["key"]))
    try:
        key.verify(base64.b64decode(entry["sig"]), f"gobutton entry v2\n{entry['hash']}".encode())
        return True
    except InvalidSignature:
        return False


class Keys:
    """Whose key an entry may have: one that the record names, or the own key of somebody on the roster. None are named: it is of version 1."""

    def __init__(self):
        self.named, self.own, self.asked = set(), set(), {}

    def read(self, entry):
        kind = entry["kind"]
        if kind in ("LaunchCreated", "KeysChanged"):
            self.named = {one["key"] for one in entry.get("keys", [])}
        if kind == "LaunchCreated":
            self.roster(entry["runbook"]["people"])
        if kind == "RosterChangeRequested":
            self.asked[entry["changeId"]] = entry["people"]
        if kind == "RosterChanged":
            self.roster(self.asked[entry["changeId"]])

    def roster(self, people):
        self.own = {key for one in people for key in one.get("operator_keys", [])}

    def may(self, entry):
        if not self.named:
            return True
        if not entry.get("key"):
            return entry["kind"] == "HaltSet" and entry["by"] == {"system": "cli"}
        return entry["key"] in self.named | self.own


def check_entries(entries):
    """How many are signed."""
    before, signed, keys = "", 0, Keys()
    for at, entry in enumerate(entries, 1):
        hashed = {name: value for name, value in entry.items() if name not in ("line", "hash", "sig")}
        need(entry["seq"] == at and entry["prev"] == before, f"place of entry {at}")
        need(sha256(hashed) == entry["hash"], f"hash of entry {at}")
        if at == 1:
            keys.read(entry)
        need(keys.may(entry), f"key of entry {at}")
        if entry.get("key"):
            need(signature_fits(entry), f"signature of entry {at}")
            signed += 1
        keys.read(entry)
        before = entry["hash"]
    return signed


def check_messages(lines):
    before = ""
    for at, line in enumerate(lines, 1):
        message = line["message"]
        if "box" in message:
            message = {name: message[name] for name in ("v", "atMs", "box") if name in message}
        hashed = {"launchId": line["launchId"], "seq": line["seq"], "prev": line["prev"], "message": message}
        need(line["seq"] == at and line["prev"] == before, f"place of message {at}")
        need(sha256(hashed) == line["hash"], f"hash of message {at}")
        before = line["hash"]


def check_checkpoints(entries, lines):
    """Up to which message the record has sealed the channel."""
    sealed = 0
    for entry in entries:
        if entry["kind"] == "Checkpoint" and entry["channelSeq"] > 0:
            sealed = entry["channelSeq"]
            need(sealed <= len(lines) and lines[sealed - 1]["hash"] == entry["channelHash"], f"checkpoint {entry['seq']}")
    return sealed


def key_in_tree(tree, seq):
    """None: it was deleted."""
    for depth, index, seed in tree["nodes"]:
        if seq >> (LEVELS - depth) != index:
            continue
        key = base64.b64decode(seed)
        for level in range(depth + 1, LEVELS + 1):
            key = hashlib.sha256(bytes([seq >> (LEVELS - level) & 1]) + key).digest()
        return key
    return None


def words(line, folder):
    """None: nothing opens the box."""
    message, launch, seq = line["message"], line["launchId"], line["seq"]
    if "box" not in message:
        return message["text"]
    place = folder / message["box"]["key"]
    if message["v"] == 2:
        keys, beside = [place.read_bytes()] if place.is_file() else [], launch
    else:
        trees = sorted(place.iterdir()) if place.is_dir() else []
        for tree in trees:
            need(hashlib.sha256(tree.read_bytes()).hexdigest() == tree.name, f"object {tree}")
        keys, beside = [key_in_tree(json.loads(tree.read_bytes()), seq) for tree in trees], f"{launch}\n{seq}"
    sealed = base64.b64decode(message["box"]["sealed"])
    for key in keys:
        if key is None:
            continue
        try:
            opened = json.loads(AESGCM(key).decrypt(sealed[:12], sealed[12:], beside.encode()))
        except InvalidTag:
            continue
        # The hash is over the box, so what stands beside it is proven by what is in it. Nothing stands beside it in a file from after a deletion.
        for name in ("user", "text", "ts"):
            need("unread" in message or message.get(name) == opened.get(name), f"{name} of message {seq}")
        return opened["text"]
    return None


def main(file, folder=None):
    lines = [json.loads(line) for line in Path(file).read_bytes().decode().split("\n")[:-1]]
    first, last = lines[0], lines[-1]
    need(first["line"] == "launch" and last["line"] == "end", "the file was cut off")
    entries = [one for one in lines if one["line"] == "entry"]
    messages = [one for one in lines if one["line"] == "message"]
    signed = check_entries(entries)
    check_messages(messages)
    need((last["entries"], last["messages"]) == (len(entries), len(messages)), "the counts at the end")
    need(first["head"]["hash"] == entries[-1]["hash"], "the head")
    said = {} if folder is None else {one["seq"]: words(one, Path(folder)) for one in messages}
    sealed = check_checkpoints(entries, messages)
    print(json.dumps({"entries": len(entries), "signed": signed, "messages": len(messages), "sealed": sealed, "words": said}))


main(*sys.argv[1:])
