import pytest
from blake3 import blake3

from yester.engine.sealed.config import CONFIG_NAME, Config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.plugins.backends.soundness import is_damaged, shows_damage


def test_every_byte_of_what_has_a_digest_counts() -> None:
    config = encode_config(Config(repository=bytes(32), created_ns=0, program=""), Keys(MasterKey.random()))
    for name, data in ((CONFIG_NAME, config), (f"snap.{blake3(b'abc').hexdigest()}", b"abc")):
        assert shows_damage(name)
        assert not is_damaged(name, data)
        for at in range(len(data)):
            assert is_damaged(name, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        for other in (b"", data[:-1], data + b"x"):
            assert is_damaged(name, other)


@pytest.mark.parametrize("name", ["session.1.0", "snap.1", "key", "config.old"])
def test_of_others_nothing_is_known(name: str) -> None:
    assert not shows_damage(name)
    assert not is_damaged(name, b"")
