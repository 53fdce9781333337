"""What Browse does with the entry that is meant, how it is shown beside the list, and with what is marked."""

from yester.tui.cli.wording import count, printable
from yester.tui.outside import Viewer
from yester.tui.screens.comparing import compare
from yester.tui.screens.excluding import leave_out
from yester.tui.screens.opening import open_file
from yester.tui.screens.place import Place
from yester.tui.screens.preview import Preview, Subject
from yester.tui.screens.recalling import recall_entry
from yester.tui.screens.restoring import bring_back
from yester.tui.state import browse, entries
from yester.tui.state.browse import NOW, BrowseState, Marked, Unmarked, apply
from yester.tui.state.entries import Entry
from yester.tui.state.restoring import Wanted, Wish
from yester.tui.widgets.rows import Rows


class Acting(Place, inherit_bindings=False):
    """A place that lists entries."""

    def __init__(self) -> None:
        super().__init__()
        self._state = BrowseState()

    def happened(self, event: browse.Happening) -> None:
        """Let the state change."""
        self._state = apply(self._state, event)
        self.tell()

    def entry(self) -> Entry | None:
        """The entry that is meant."""
        return self._state.pages.at(self.query_one(Rows).cursor)

    def subject(self) -> Subject | None:
        """What is to be shown of it."""
        entry = self.entry()
        if entry is None or self._state.snapshot is None:
            return None
        source = self._state.source(entry) or NOW
        few = entries.few_words(entry, is_now=self._state.is_now)
        return Subject(self.program.profile, source, self._state.path(entry), entry.type, tuple(few))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Show what is meant now."""
        self._look()

    def _look(self) -> None:
        self.query_one(Preview).look(self.subject())

    def action_preview(self) -> None:
        """Show it another way."""
        self.query_one(Preview).turn()

    def action_scroll_down(self) -> None:
        """Show more of it."""
        self.query_one(Preview).scroll_page_down(animate=False)

    def action_scroll_up(self) -> None:
        """Show what was before."""
        self.query_one(Preview).scroll_page_up(animate=False)

    def action_copy(self) -> None:
        """Copy the path, also through a terminal that is far away."""
        entry = self.entry()
        if entry is not None:
            self.copy(printable(self._state.path(entry)))

    def action_mark(self) -> None:
        """Mark the entry."""
        entry = self.entry()
        if entry is not None:
            self.happened(Marked(self._state.path(entry), self._state.source(entry)))
            self.query_one(Rows).cursor += 1

    def action_back(self) -> None:
        """Take the filter away, or else all marks."""
        marked = self._state.marked
        if marked and not self.is_filtered:
            self.program.hush()
            self.happened(Unmarked())
            self.program.say(f"Not marked any more: {count(len(marked), 'entry', 'entries')}")
        else:
            super().action_back()

    def action_mark_all(self) -> None:
        """Mark what is not marked of the entries that are there, and take the other marks here away."""
        state, total = self._state, self._state.pages.total or 0
        seen = [entry for page in state.pages.by_number.values() for entry in page]
        for entry in seen:
            self._state = apply(self._state, Marked(state.path(entry), state.source(entry)))
        self.tell()
        if len(seen) < total:
            self.program.say(f"Of {count(total, 'entry', 'entries')} only {len(seen):,} were seen so far")

    def action_restore(self) -> None:
        """Bring back what is marked, else the entry."""
        entry, state = self.entry(), self._state
        meant = state.marked or ({state.path(entry): state.source(entry)} if entry is not None else {})
        wanted = tuple(Wanted(source, path) for path, source in sorted(meant.items()) if source)
        if wanted:
            bring_back(self, Wish(wanted), lambda: self.happened(Unmarked()))
        elif meant:
            self.program.say("This is how it is now", "v shows what it was, [ goes to the newest snapshot.")

    def action_versions(self) -> None:
        """Show the versions of the entry."""
        from yester.tui.screens.versions import Versions

        entry = self.entry()
        if entry is not None:
            self.app.push_screen(Versions(self._state.path(entry)))

    def under_cursor(self) -> dict[str, bytes]:
        """The entry that is meant, and where it is."""
        entry, state = self.entry(), self._state
        path = state.path(entry) if entry is not None else b""
        snapshot = state.source(entry).encode() if entry is not None else b""
        return {
            **super().under_cursor(),
            "snapshot": snapshot,
            "folder": state.folder,
            "path": path,
            "name": path.rpartition(b"/")[2],
        }

    def action_pager(self) -> None:
        """Open the file in $PAGER."""
        self._open_outside("pager")

    def action_editor(self) -> None:
        """Open a copy of the file in $EDITOR."""
        self._open_outside("editor")

    def _open_outside(self, kind: Viewer) -> None:
        entry = self.entry()
        if entry is not None and entry.type == "file":
            open_file(self, self._state.source(entry) or NOW, self._state.path(entry), kind)

    def why_not(self, action: str) -> str:
        """A pager, an editor and a comparison want a file."""
        subject = self.subject() if action in ("pager", "editor", "diff") else None
        if subject is None or subject.type == "file":
            return super().why_not(action)
        return f"It is no file but a {subject.type}" + (": Enter goes into it" if subject.type == "directory" else "")

    def action_diff(self) -> None:
        """Show how the file differs now; where it is looked at now, from the newest snapshot."""
        subject = self.subject()
        if subject is not None and subject.type == "file":
            is_live = self._state.is_now and subject.snapshot == NOW
            before = self._state.against if is_live else subject.snapshot
            compare(self, subject.path, before or subject.snapshot, NOW)

    def action_recall(self) -> None:
        """Bring back from an archive what the entry needs."""
        entry = self.entry()
        source = self._state.source(entry) if entry is not None else ""
        if entry is not None and source and source != NOW:
            recall_entry(self, source, self._state.path(entry))

    def action_exclude(self) -> None:
        """Leave the entry out from the next run on."""
        entry = self.entry()
        if entry is not None:
            leave_out(self, self._state.path(entry), entry)
