// Takes a link's secret out of the address and into the form; a person sends it.
"use strict";

const secret = location.hash.slice(1);
if (secret) {
  // What stays in the browser's history opens nothing.
  history.replaceState(null, "", location.pathname + location.search);
  const field = document.querySelector('input[name="link"]');
  field.value = secret;
  field.form.querySelector("button").focus();
}
