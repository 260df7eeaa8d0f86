// Shows the buttons that copy, and copies what stands beside them.
"use strict";

(() => {
  function reveal() {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  }

  reveal();
  document.addEventListener("htmx:afterSettle", reveal);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = button.parentElement.querySelector("[data-copied]");
    const [word] = button.childNodes;
    try {
      await navigator.clipboard.writeText(text.textContent);
      word.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      word.textContent = "Selected";
    }
  });
})();
