"""A person with a keyboard and nothing else."""

from dataclasses import dataclass

from playwright.sync_api import Page

MOST = 200


@dataclass(frozen=True)
class Keyboard:
    """Presses keys on a page; what has the focus is all that it knows."""

    page: Page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    @property
    def focused(self) -> str:
        """The accessible name of what has the focus, roughly: label, text, or value."""
        name: str = self.page.evaluate(
            """() => {
                const it = document.activeElement;
                if (!it || it === document.body) return "";
                const label = it.labels && it.labels.length ? it.labels[0].innerText : "";
                return (it.getAttribute("aria-label") || label || it.innerText || it.value || "")
                    .trim().split("\\n")[0];
            }"""
        )
        return name

    def tab_to(self, name: str) -> None:
        """Tab until something called `name` has the focus."""
        seen = []
        for _ in range(MOST):
            self.press("Tab")
            seen.append(self.focused)
            if self.focused == name:
                return
        raise AssertionError(f"Tab never reached {name!r}; it went over {seen}")
