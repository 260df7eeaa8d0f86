// Dark, light, or as the system says. Stands in the head, so that no page flashes in the other one.
"use strict";

(() => {
  const NAME = "steward.theme";
  const NEXT = { system: "dark", dark: "light", light: "system" };

  function chosen() {
    try {
      const kept = localStorage.getItem(NAME);
      return kept in NEXT ? kept : "system";
    } catch {
      return "system"; // The browser keeps nothing for this page.
    }
  }

  function show(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.textContent = `◐ ${theme}`;
      button.setAttribute("aria-label", `Theme: ${theme}`);
    }
  }

  show(chosen());
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    const theme = NEXT[chosen()];
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // Then it holds for this page alone.
    }
    show(theme);
    document.dispatchEvent(new Event("steward:theme"));
  });
})();
