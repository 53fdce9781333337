"""Fields of a table of settings. Any other table can be defined, and not used: there is no database."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist


class Field:
    """A column: `kind` is the kind of option that it is."""

    kind = "string"
    empty: Any = ""

    def __init__(
        self,
        verbose_name: str = "",
        *others: Any,
        default: Any = None,
        choices: Sequence[Any] = (),
        help_text: str = "",
        **rest: Any,
    ) -> None:
        """What says how a column is stored is of no interest."""
        self.verbose_name, self.help_text = verbose_name, help_text
        self.choices = tuple(choices or ())
        self._default = default

    def get_default(self) -> Any:
        """Return what holds where nobody says."""
        default = self._default() if callable(self._default) else self._default
        return self.empty if default is None else default


class CharField(Field):
    """A text."""


class TextField(CharField):
    """A long text."""


class SlugField(CharField):
    """A short text."""


class URLField(CharField):
    """A URL."""


class EmailField(CharField):
    """An address."""


class GenericIPAddressField(CharField):
    """An address of a machine."""


class IntegerField(Field):
    """A whole number."""

    kind = "integer"
    empty = None


class PositiveIntegerField(IntegerField):
    """A whole number from 0."""


class PositiveSmallIntegerField(PositiveIntegerField):
    """A small one."""


class SmallIntegerField(IntegerField):
    """A small whole number."""


class BigIntegerField(IntegerField):
    """A large whole number."""


class FloatField(Field):
    """A number."""

    kind = "float"
    empty = None


class BooleanField(Field):
    """True or false."""

    kind = "boolean"
    empty = False


class AutoField(IntegerField):
    """The number of a row."""


class Manager:
    """The rows of a table: none can be asked for."""

    def __init__(self, model: type["Model"]) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        raise ImproperlyConfigured(f"yester has no database, and so no {self._model.__name__}.objects.{name}")


class SettingsManager:
    """The one row of a table of settings."""

    def __init__(self, model: type["Model"]) -> None:
        self._model = model

    def get(self, *wanted: Any, **which: Any) -> Any:
        """Return the settings."""
        return self._model()

    create = first = last = latest = get

    def get_or_create(self, *wanted: Any, **which: Any) -> tuple[Any, bool]:
        """Return the settings, which are never new."""
        return self.get(), False

    def all(self) -> list[Any]:
        """Return the settings, in a list."""
        return [self.get()]


class _Tables:
    """Gives each class of a table its own `objects`."""

    def __get__(self, row: Any, model: type["Model"]) -> Manager:
        return Manager(model)


class Model:
    """A row of a table. Of settings it has what the options say."""

    DoesNotExist: ClassVar[type[Exception]] = ObjectDoesNotExist
    objects: Any = _Tables()
    values: ClassVar[Mapping[str, Any]] = {}
    """What holds, by field."""

    def __init__(self, **given: Any) -> None:
        for name, field in type(self).fields().items():
            setattr(self, name, given.get(name, type(self).values.get(name, field.get_default())))

    @classmethod
    def fields(cls) -> dict[str, Field]:
        """Return the columns by name."""
        return {
            name: value
            for above in reversed(cls.__mro__)
            for name, value in vars(above).items()
            if isinstance(value, Field) and not isinstance(value, AutoField)
        }

    def save(self, *wanted: Any, **how: Any) -> None:
        """Settings are set as options."""
        raise ImproperlyConfigured("yester plugin options sets this, and the plugin itself cannot")
