// Shows moments as the clock of whoever looks has them; what is pointed at says it in UTC, too.
"use strict";

(() => {
  const two = (number) => String(number).padStart(2, "0");

  function local(at) {
    const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  function show() {
    for (const each of document.querySelectorAll('time[datetime*="T"]:not([title])')) {
      const at = new Date(each.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      each.title = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
      if (!("ago" in each.dataset)) each.textContent = local(at);
    }
    for (const each of document.querySelectorAll("[data-zone]")) {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const isUtc = new Date().getTimezoneOffset() === 0;
      if (!isUtc) each.textContent = `Times are of ${timeZone}, days of UTC.`;
    }
  }

  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:afterSettle", show);
})();
