/** `import` and `export` written as what they do, without moving a line. */

import { parse } from "acorn";

const mayBeModule = /^[ \t]*(?:import|export)\b/m;
const imported = "__imported";

/** The text to evaluate: `head` goes before its first line, so that lines keep their numbers. */
export function asCommonJs(path, source) {
  const plain = { text: { head: "", body: source }, isStrict: false };
  if (!mayBeModule.test(source)) {
    return plain;
  }
  const { body } = parsed(path, source);
  const statements = body.filter((node) => /^(?:Import|Export)/.test(node.type));
  return statements.length === 0 ? plain : rewritten(source, statements);
}

function parsed(path, source) {
  try {
    return parse(source, {
      ecmaVersion: "latest",
      sourceType: "module",
      allowAwaitOutsideFunction: false,
    });
  } catch (error) {
    const { line, column } = error.loc ?? { line: 1, column: 0 };
    const message = String(error.message).replace(/ \(\d+:\d+\)$/, "");
    throw new SyntaxError(`${message} (${path}:${line}:${column + 1})`);
  }
}

function rewritten(source, statements) {
  const state = { source, exports: [], imports: [], cuts: [], count: 0 };
  for (const node of statements) {
    rewriters[node.type](node, state);
  }
  let text = "";
  let end = 0;
  for (const { from, to, instead } of state.cuts) {
    text += source.slice(end, from) + instead + source.slice(from, to).replace(/[^\n]/g, "");
    end = to;
  }
  const head = [
    'Object.defineProperty(exports, "__esModule", { value: true });',
    ...state.exports,
    ...state.imports,
  ].join(" ");
  return { text: { head, body: text + source.slice(end) }, isStrict: true };
}

const rewriters = {
  ImportDeclaration(node, state) {
    cut(state, node.start, node.end);
    const from = asked(state, node.source);
    for (const each of node.specifiers) {
      const value =
        each.type === "ImportNamespaceSpecifier"
          ? from
          : member(state, from, nameOf(each), node.source.value);
      state.imports.push(`const ${each.local.name} = ${value};`);
    }
  },

  ExportNamedDeclaration(node, state) {
    if (node.declaration) {
      cut(state, node.start, node.declaration.start);
      declared(node.declaration).forEach((name) => give(state, name, name));
      return;
    }
    cut(state, node.start, node.end);
    const from = node.source ? asked(state, node.source) : undefined;
    for (const each of node.specifiers) {
      const name = keyOf(each.exported);
      const local = keyOf(each.local);
      const value =
        from === undefined ? local : member(state, from, local, node.source.value);
      give(state, name, value);
    }
  },

  ExportDefaultDeclaration(node, state) {
    const { declaration } = node;
    const isNamed = /^(?:Function|Class)Declaration$/.test(declaration.type) && declaration.id;
    const name = isNamed ? declaration.id.name : `${imported}_default`;
    cut(state, node.start, declaration.start, isNamed ? "" : `const ${name} = `);
    give(state, "default", name);
  },

  ExportAllDeclaration(node, state) {
    cut(state, node.start, node.end);
    const from = asked(state, node.source);
    if (node.exported) {
      give(state, keyOf(node.exported), from);
      return;
    }
    state.imports.push(
      `Object.keys(${from}).forEach((key) => { if (key !== "default" && !(key in exports))` +
        ` Object.defineProperty(exports, key, { enumerable: true, get: () => ${from}[key] }); });`,
    );
  },
};

function cut(state, from, to, instead = "") {
  state.cuts.push({ from, to, instead });
}

function asked(state, source) {
  const name = `${imported}_${state.count++}`;
  state.imports.push(`const ${name} = require(${JSON.stringify(source.value)});`);
  return name;
}

/** A name of another module. What was not written as a module is its own default. */
function member(state, from, name, source) {
  const key = JSON.stringify(name);
  if (name === "default") {
    return `(${from}.__esModule ? ${from}.default : ${from})`;
  }
  const missing = `${JSON.stringify(source)} exports no ${key}.`;
  state.imports.push(
    `if (!(${key} in ${from})) throw new SyntaxError(${JSON.stringify(missing)});`,
  );
  return `${from}[${key}]`;
}

/** Read when it is asked for, as modules do it: it may be set later than it is asked for. */
function give(state, name, value) {
  const key = JSON.stringify(name);
  state.exports.push(
    `Object.defineProperty(exports, ${key}, { enumerable: true, get: () => ${value} });`,
  );
}

const nameOf = (specifier) =>
  specifier.type === "ImportDefaultSpecifier" ? "default" : keyOf(specifier.imported);
const keyOf = (node) => (node.type === "Literal" ? node.value : node.name);

function declared(declaration) {
  return declaration.type === "VariableDeclaration"
    ? declaration.declarations.flatMap((each) => bound(each.id))
    : [declaration.id.name];
}

/** The names that a pattern binds. */
function bound(pattern) {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((each) => bound(each.value ?? each.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap(bound);
    case "AssignmentPattern":
      return bound(pattern.left);
    case "RestElement":
      return bound(pattern.argument);
    default:
      return [];
  }
}
