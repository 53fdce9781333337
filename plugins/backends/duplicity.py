"""`duplicity+SCHEME://…`: a repository in what a backend of duplicity reaches. The rest of the URL is duplicity's."""

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.engine.store import Store
from yester.engine.urls import scheme_of
from yester.plugins.backends.common_options import COMMON
from yester.plugins.backends.foreign import Recipe
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.third_party import adapted, foreign
from yester.plugins.duplicity.files import WORLD, backend_folders
from yester.plugins.duplicity.settings import SETTINGS, settings_of
from yester.plugins.worker.messages import PluginFile

OPTIONS = {**COMMON, **SETTINGS}


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at a `duplicity+` URL, with its retries. UsageError, RepositoryError."""
    options = terms.options(WORLD, OPTIONS)
    folders = backend_folders(Places.default(), options["files"] or "")
    inner = url.partition("+")[2]
    if not scheme_of(inner):
        raise UsageError(
            f"{url} does not say which backend of duplicity's is meant",
            hint="Write it as duplicity+rsync://nas//srv/backup: behind the + as duplicity has it.",
        )
    settings = settings_of(folders, options)
    plugin = PluginFile(WORLD, "")
    recipe = Recipe(WORLD, plugin, (inner, terms.create), WORLD, settings, environment=terms.environment)
    return adapted(foreign(recipe, url), url, terms, options)
