from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import stand_in

from yester.engine.limits import network as module
from yester.engine.limits.conditions import network_reason
from yester.engine.limits.network import Network, network, parse_devices
from yester.engine.profiles.profile import LimitSpec

WLAN = """GENERAL.STATE:100 (connected)
GENERAL.CONNECTION:Home: upstairs
GENERAL.METERED:{wlan}
IP4.GATEWAY:192.168.1.1
IP6.GATEWAY:fe80::1
"""
MODEM = """GENERAL.STATE:100 (connected)
GENERAL.CONNECTION:Mobile
GENERAL.METERED:{modem}
IP4.GATEWAY:10.0.0.1
IP6.GATEWAY:
"""
OTHERS = """GENERAL.STATE:30 (disconnected)
GENERAL.CONNECTION:
GENERAL.METERED:unknown
IP4.GATEWAY:
IP6.GATEWAY:

GENERAL.STATE:100 (connected (externally))
GENERAL.CONNECTION:lo
GENERAL.METERED:unknown
IP4.GATEWAY:
IP6.GATEWAY:
"""


@pytest.mark.parametrize(
    ("text", "metered", "names"),
    [
        (WLAN.format(wlan="no (guessed)") + "\n" + OTHERS, False, ("Home: upstairs", "lo")),
        (WLAN.format(wlan="yes (guessed)") + "\n" + OTHERS, True, ("Home: upstairs", "lo")),
        (WLAN.format(wlan="yes"), True, ("Home: upstairs",)),
        (WLAN.format(wlan="no") + "\n" + MODEM.format(modem="yes"), False, ("Home: upstairs", "Mobile")),
        (WLAN.format(wlan="unknown"), None, ("Home: upstairs",)),
        (OTHERS, False, ("lo",)),
        ("", False, ()),
        ("nonsense", False, ()),
    ],
)
def test_what_nmcli_says(text: str, metered: bool | None, names: tuple[str, ...]) -> None:
    found = parse_devices(text)
    assert (found.metered, found.names) == (metered, names)
    assert bool(found.note) == (metered is None)


NMCLI = f"#!/bin/sh\ncat <<'E'\n{WLAN.format(wlan='yes')}E\n"
BUSCTL = """#!/bin/sh
[ "$1" = get-property ] || exit 9
case "$5" in
Metered) echo "u 3" ;;
ActiveConnections) echo 'ao 2 "/active/1" "/active/2"' ;;
Id) [ "$4" = org.freedesktop.NetworkManager.Connection.Active ] && echo "s \\"Net $3\\"" ;;
esac
"""


def test_nmcli_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stand_in(tmp_path, nmcli=NMCLI, busctl="#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    assert network() == Network(True, ("Home: upstairs",))


def test_busctl_where_there_is_no_nmcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand_in(tmp_path, busctl=BUSCTL)))
    assert network() == Network(True, ("Net /active/1", "Net /active/2"))


@pytest.mark.parametrize(
    ("programs", "note"),
    [
        ({}, "Neither nmcli nor busctl is here"),
        ({"nmcli": "#!/bin/sh\necho 'NetworkManager is not running.' >&2; exit 8\n"}, "nmcli: NetworkManager is not"),
        ({"busctl": "#!/bin/sh\necho refused >&2; exit 1\n"}, "busctl: refused"),
        ({"busctl": "#!/bin/sh\necho 'u 0'\n"}, "does not know whether"),
        ({"busctl": '#!/bin/sh\necho "\'"\n'}, "says something unknown"),
        ({"nmcli": "#!/bin/sh\nexec sleep 60\n"}, "nmcli does not come to an end"),
        ({"nmcli": "no program"}, "nmcli cannot be run"),
    ],
)
def test_what_cannot_be_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: dict[str, str], note: str
) -> None:
    monkeypatch.setenv("PATH", f"{stand_in(tmp_path, **programs)}:{tmp_path}")
    (tmp_path / "sleep").symlink_to("/bin/sleep")
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2 if "sleep" in str(programs) else 10)
    found = network()
    assert found.metered is None
    assert note in found.note


@pytest.mark.parametrize(
    ("limits", "found", "words"),
    [
        (LimitSpec(), Network(True, ()), ""),
        (LimitSpec(metered="skip"), Network(True, ()), "paid by volume"),
        (LimitSpec(metered="skip"), Network(False, ()), ""),
        (LimitSpec(metered="skip"), Network(None, None), ""),
        (LimitSpec(networks=("Home",)), Network(False, ("Home", "lo")), ""),
        (LimitSpec(networks=("Home",)), Network(False, ("Café",)), "connected to Café; the profile runs on Home only"),
        (LimitSpec(networks=("Home", "Work")), Network(False, ()), "No network is connected"),
        (LimitSpec(networks=("Home",)), Network(None, None), ""),
    ],
)
def test_what_the_profile_allows(limits: LimitSpec, found: Network, words: str) -> None:
    reason = network_reason(limits, found)
    assert words in reason
    assert bool(words) == bool(reason)
