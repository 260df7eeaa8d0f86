// Takes a link's secret out of the address and into the form; a person sends it.
"use strict";

function take() {
  const secret = location.hash.slice(1);
  if (!secret) return;
  // What stays in the browser's history opens nothing.
  history.replaceState(null, "", location.pathname + location.search);
  const field = document.querySelector('input[name="link"]');
  field.value = secret;
  field.form.querySelector("button").focus();
}

take();
// Another link, opened where the first one was, loads nothing anew.
addEventListener("hashchange", take);
