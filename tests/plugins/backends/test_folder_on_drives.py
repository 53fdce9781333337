"""What a store must do, in folders on sticks: FAT, exFAT and NTFS by Debian's FUSE drivers, ext4 by the kernel."""

from collections.abc import Iterator

import pytest
from tests.loose_drives import KINDS, LooseDrive
from tests.store_contract import StoreContract

from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("as_root")]


@pytest.fixture(scope="module", params=[*KINDS])
def drive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LooseDrive]:
    made = LooseDrive.made(request.param, tmp_path_factory.mktemp("drive"))
    made.plug_in()
    yield made
    made.put_away()


class TestFolderStoreOnDrives(StoreContract):
    @pytest.fixture
    def store(self, drive: LooseDrive, request: pytest.FixtureRequest) -> Iterator[Store]:
        opened = FolderStore(drive.point / str(abs(hash(request.node.nodeid))), create=True)
        yield opened
        opened.close()
