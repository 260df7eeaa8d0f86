/** The files of a package as modules that can ask for each other. */

import { forget, place } from "./faults.js";
import { asCommonJs } from "./syntax.js";

/** What may be left out of a path. */
const endings = ["", ".js", ".mjs", ".cjs", ".json", "/index.js"];

/** Run the entry file; what it asks for is run when it is first asked for. */
export function load(entry, files, steward) {
  forget();
  const loaded = new Map();

  function run(path) {
    const known = loaded.get(path);
    if (known !== undefined) {
      return known.exports;
    }
    const module = { exports: {}, id: path };
    loaded.set(path, module);
    if (path.endsWith(".json")) {
      module.exports = JSON.parse(files[path]);
    } else {
      evaluated(path, files[path])(module.exports, (wanted) => ask(path, wanted), module);
    }
    return module.exports;
  }

  function ask(asking, wanted) {
    if (wanted === "steward") {
      return steward;
    }
    return run(find(asking, String(wanted), files));
  }

  run(find("", `./${entry}`, files));
}

function find(asking, wanted, files) {
  if (!wanted.startsWith("./") && !wanted.startsWith("../")) {
    throw new Error(
      `${asking} asks for ${JSON.stringify(wanted)}, which is not here: only "steward" and files of` +
        ' the package ("./name") can be asked for. Bundle other packages into your own file.',
    );
  }
  const path = joined(asking, wanted);
  const found = endings.map((each) => path + each).find((each) => Object.hasOwn(files, each));
  if (found === undefined) {
    const by = asking === "" ? "The manifest names" : `${asking} asks for`;
    throw new Error(`${by} ${JSON.stringify(wanted)}, and the package has no such file.`);
  }
  return found;
}

/** A path in the package; it can't leave it, since above the top there is nothing to find. */
function joined(asking, wanted) {
  const parts = asking.split("/").slice(0, -1);
  for (const part of wanted.split("/")) {
    if (part === "..") {
      parts.pop();
    } else if (part !== "." && part !== "") {
      parts.push(part);
    }
  }
  return parts.join("/");
}

function evaluated(path, source) {
  const { text, isStrict } = asCommonJs(path, source);
  const head = `(function (exports, require, module) {${isStrict ? '"use strict";' : ""}`;
  const above = place(path, text.body, head.length + text.head.length);
  // Indirect, so that nothing of this file is in the author's scope.
  return (0, eval)("\n".repeat(above) + head + text.head + text.body + "\n})");
}
