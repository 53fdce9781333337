"""Archive plugins of each generation, written from contracts section 5.2; and such as nobody should write."""

HEAD = """
import os
import shutil

from portal.archive_framework.utils import construct_filename, get_paths_to_restore_or_delete_from_external_ids
from portal.generic.plugin_interfaces import IArchivePlugin
from portal.pluginbase.core import ArchivePlugin, Plugin, implements

PLACE = "/the/place"
"""

OF_2015 = (
    HEAD
    + '''
class Store(Plugin):
    """One of 2015: static methods, file sets alone, and a list that is what was handed over."""

    implements(IArchivePlugin)
    plugin_guid = "of-2015"

    def __init__(self):
        self.name = "Of 2015"

    @staticmethod
    def archive(file_sets):
        for file_set in file_sets:
            for path in file_set.files:
                shutil.copy(path, construct_filename(path, file_set, PLACE))
        return [*file_sets]

    @staticmethod
    def restore(file_sets):
        for file_set in file_sets:
            shutil.copy(construct_filename(file_set.files[0], file_set, PLACE), file_set.files[0])
        return [*file_sets]

    @staticmethod
    def delete(file_sets):
        for file_set in file_sets:
            for path in file_set.files:
                os.unlink(construct_filename(path, file_set, PLACE))
        return file_sets

    @staticmethod
    def is_ready():
        return True


Store()
'''
)

OF_THE_DOCUMENT = (
    HEAD
    + '''
class Store(Plugin):
    """As the document has it: lists, policies, and an exception when a restore fails."""

    implements(IArchivePlugin)
    plugin_guid = "of-the-document"
    name = "Of the document"

    def archive(self, file_sets, policy_uuid, job_id):
        assert policy_uuid in ("daily", 4711), repr(policy_uuid)
        done = []
        for file_set in file_sets:
            target = construct_filename(file_set.files[0], file_set, PLACE)
            shutil.copy(file_set.files[0], target)
            done.append(file_set._replace(external_ids=[target]))
        return done

    def restore(self, file_sets, policy_uuid):
        return self._restored(file_sets, "one by one")

    def restore_bulk(self, file_sets, policy_uuid):
        return self._restored(file_sets, "in bulk")

    def _restored(self, file_sets, how):
        print(how, policy_count := len(self.get_policies()))
        for file_set in file_sets:
            for archived, path in get_paths_to_restore_or_delete_from_external_ids(file_set):
                if not os.path.exists(archived):
                    raise Exception("tape A00001L8 is not in the library")
                shutil.copy(archived, path)
        return file_sets

    def delete(self, file_sets, policy_uuid):
        return [file_set for file_set in file_sets if not os.remove(file_set.external_ids[0])]

    def get_policies(self):
        return [
            {"uuid": "daily", "bulk_support": False},
            {"uuid": 4711, "name": "In bulk", "bulk_support": True, "costs": {"restore_per_gb": 0.5}},
        ]

    def get_policy_constrains(self, policy_uuid):
        assert policy_uuid == 4711
        return [{"type": "count", "value": 3}, {"interval": 10}, {"time_of_day": "22:00"}]

    def is_ready(self):
        return os.path.isdir(PLACE)


Store()
'''
)

OF_2021 = (
    HEAD
    + '''
class Store(ArchivePlugin):
    """One of 2021: four things come back from `archive`, and nothing from `delete`."""

    plugin_guid = "of-2021"

    def __init__(self):
        self.name = "Of 2021"
        self.role_archive = "portal_archive_store"

    @staticmethod
    def archive(file_sets, policy_uuid, job_id):
        archived, not_archived = [], []
        for file_set in file_sets:
            target = construct_filename(file_set.files[0], file_set, PLACE)
            try:
                shutil.copy(file_set.files[0], target)
                archived.append(file_set._replace(external_ids=[target]))
            except OSError:
                not_archived.append(file_set)
        return archived, not_archived, "could not be copied" if not_archived else "", {"af_barcodes": ["A1", job_id]}

    @staticmethod
    def restore(file_sets, policy_uuid):
        restored = []
        for file_set in file_sets:
            for archived, path in get_paths_to_restore_or_delete_from_external_ids(file_set):
                shutil.copy(archived, path)
                restored.append(file_set)
        return restored

    @staticmethod
    def delete(file_sets, policy_uuid):
        for file_set in file_sets:
            for archived, path in get_paths_to_restore_or_delete_from_external_ids(file_set):
                os.unlink(archived)

    @staticmethod
    def get_policies():
        return [{"uuid": "store", "bulk_support": False}]

    def is_ready(self):
        return True


Store()
'''
)


def kept_in(text: str, place: object) -> str:
    """Return the plugin with the folder that it keeps copies in."""
    return text.replace("/the/place", str(place))


GENERATIONS = {"of_2015": OF_2015, "of_the_document": OF_THE_DOCUMENT, "of_2021": OF_2021}

PACKAGE = {
    "__init__.py": '__version__ = "0.0.1"\n\nfrom . import registration\n',
    "registration.py": """
from portal.generic.plugin_interfaces import IAppRegister, IPluginBootstrap
from portal.pluginbase.core import Plugin, implements
from portal.utils.apps import is_app_enabled

app_id = "org.example.shelf"


class Register(Plugin):
    implements(IAppRegister)

    def __init__(self):
        self.name = "Shelf"
        self.plugin_guid = "app"

    def __call__(self):
        from .__init__ import __version__
        return {"name": self.name, "version": __version__, "enabled": is_app_enabled(app_id)}


Register()


class Bootstrap(Plugin):
    implements(IPluginBootstrap)

    def bootstrap(self):
        if is_app_enabled(app_id):
            from . import plugin


Bootstrap()
""",
    "models.py": """
from django.db import models
from django.utils.translation import ugettext_lazy as _

from portal.utils.models import SingletonModel


class ShelfConfig(SingletonModel):
    storage_path = models.CharField(_("Path"), max_length=255, blank=False, default="/nowhere", help_text="A folder")
    password = models.CharField(max_length=20)
    tries = models.PositiveIntegerField(default=3)
    speed = models.CharField(choices=[("fast", "Fast"), ("slow", "Slow")], default="fast", max_length=4)


class ShelfJob(models.Model):
    number = models.IntegerField()


def get_config():
    try:
        return ShelfConfig.objects.get()
    except ShelfConfig.DoesNotExist:
        return ShelfConfig.objects.create()
""",
    "urls.py": "from django.conf.urls import patterns\n",
    "plugin.py": """
import logging
import shutil

from portal.archive_framework.utils import construct_filename
from portal.generic.plugin_interfaces import IContextProcessor, IPluginBlock, IPluginURL
from portal.pluginbase.core import ArchivePlugin, Plugin, implements

log = logging.getLogger(__name__)


class Urls(Plugin):
    implements(IPluginURL)

    def __init__(self):
        self.name = "pages"
        self.urls = "portal.plugins.shelf.urls"


Urls()


class Shelf(ArchivePlugin):
    \"\"\"A shelf.\"\"\"

    plugin_guid = "the-shelf"

    def __init__(self):
        self.name = "Shelf"

    @staticmethod
    def archive(file_sets, policy_uuid, job_id):
        from .models import get_config
        config = get_config()
        log.warning("to %s, %s, %s", config.storage_path, config.tries, config.speed)
        shutil.copy(file_sets[0].files[0], construct_filename(file_sets[0].files[0], file_sets[0], config.storage_path))
        return None

    @staticmethod
    def restore(file_sets, policy_uuid):
        from .models import ShelfJob
        ShelfJob.objects.filter(number=1)

    @staticmethod
    def delete(file_sets, policy_uuid):
        return None


Shelf()
""",
}
"""Laid out as FileSysArchive is: an app that is registered, a bootstrap, settings in a table, and pages."""

OF_PYTHON_2 = {
    "__init__.py": "import registration\n",
    "registration.py": """
from portal.generic.plugin_interfaces import IPluginBootstrap
from portal.pluginbase.core import Plugin, implements


class Bootstrap(Plugin):
    implements(IPluginBootstrap)

    def bootstrap(self):
        import plugin


Bootstrap()
""",
    "plugin.py": """
from slugify import slugify

from portal.generic.plugin_interfaces import IAppRegister, IArchivePlugin
from portal.pluginbase.core import *


class Shelf(Plugin):
    implements(IArchivePlugin)
    plugin_guid = slugify("The Shélf!")

    def archive(self, file_sets):
        return file_sets

    restore = delete = archive


class Register(Plugin):
    implements(IAppRegister)

    def __init__(self):
        self.name = Shelf().name


Register()
Shelf()
""",
}
"""As packages of 2015 are: modules beside each other are imported without a dot."""

MOODY = (
    HEAD
    + """
class Moody(ArchivePlugin):
    plugin_guid = name = "moody"

    def archive(self, file_sets):
        return file_sets

    restore = delete = archive

    def is_ready(self):
        with open(PLACE, "a") as file:
            file.write("x")
        if os.path.getsize(PLACE) < 2:
            raise OSError("the library door is open")
        return "yes"


Moody()
"""
)

HOSTILE = (
    HEAD
    + """
import sys
import time


class Hostile(ArchivePlugin):
    plugin_guid = name = "hostile"

    def archive(self, file_sets, policy_uuid, job_id):
        match policy_uuid:
            case "dies":
                os._exit(3)
            case "hangs":
                time.sleep(1000)
            case "raises":
                raise OSError("half of it is on tape")
            case "is mute":
                raise RuntimeError
            case "leaves":
                sys.exit(7)
            case "talks":
                return 5

    def restore(self, file_sets, policy_uuid):
        return None

    delete = restore


Hostile()
"""
)

_WHOLE = """
    def archive(self, file_sets):
        return file_sets

    restore = delete = archive

"""

BROKEN = {
    "empty": "x = 1\n",
    "lacking": HEAD
    + """
class Store(ArchivePlugin):
    @staticmethod
    def restore():
        pass

    async def delete(self, file_sets):
        pass

Store()
""",
    "imports": HEAD + "from portal.vidispine.iitem import ItemHelper\n",
    "options": HEAD
    + f"""
class Store(ArchivePlugin):
    plugin_guid = "x"
    option_spec = {{"Not a name": 5}}
{_WHOLE}
Store()
""",
    "pair": HEAD
    + f"""
class One(ArchivePlugin):
    plugin_guid, name = "one", "Twice"
{_WHOLE}
class Two(One):
    plugin_guid = "two"

One()
Two()
""",
    "twins": HEAD
    + f"""
class One(ArchivePlugin):
    plugin_guid, name = "same", "One"
{_WHOLE}
class Two(One):
    pass

One()
Two()
""",
    "writable": "x = 1\n",
}
"""Plugins that are none, by name; `pair` is sound, and has two archives."""
