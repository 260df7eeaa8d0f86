/** Installed extensions as rows: what each may do, did, cost, and what went wrong. */

import type { Row } from "../trees/row";
import type { ExtensionActivity, ExtensionGrant, ExtensionState, ExtensionSummary } from "./protocol";

/** Those that want something of the person first, then by name. */
export function extensionRows(all: ExtensionSummary[]): Row[] {
  const sorted = all.toSorted(
    (one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name) || one.id.localeCompare(other.id),
  );
  return sorted.map(rowOf);
}

function rank({ state }: ExtensionSummary): number {
  return state === "faulted" || state === "asks" ? 0 : 1;
}

const looks: Record<ExtensionState, { icon: string; color?: string; word: string }> = {
  enabled: { icon: "extensions", word: "" },
  disabled: { icon: "circle-slash", word: "disabled" },
  faulted: { icon: "error", color: "list.errorForeground", word: "stopped" },
  asks: { icon: "question", color: "list.warningForeground", word: "wants your permission" },
};

function rowOf(extension: ExtensionSummary): Row {
  const { id, name, version, publisher, state } = extension;
  const { icon, color, word } = looks[state];
  return {
    extension,
    id,
    label: name,
    description: [word, version, publisher].filter(Boolean).join(" · "),
    icon,
    ...(color === undefined ? {} : { color }),
    tip: [`${name} ${version} (${id}), by ${publisher}`, extension.description, extension.jail].filter(Boolean),
    can: actions(extension),
    children: [...troubles(extension), ...bringing(extension), mayRow(extension), ...facts(extension)],
    isOpen: state === "faulted" || state === "asks",
  };
}

function actions({ state, isShipped }: ExtensionSummary): string[] {
  return [
    "extension",
    state === "enabled" ? "switchedOn" : "switchedOff",
    ...(state === "faulted" || state === "asks" ? ["halted"] : []),
    ...(isShipped ? [] : ["removable"]),
  ];
}

/** What has to be seen to before it runs again. */
function troubles(extension: ExtensionSummary): Row[] {
  const { id, state, activity } = extension;
  const fault = activity.lastFault ?? "";
  const told = [...whyNot(extension), ...(fault === "" ? [] : [faultRow(extension, fault)])];
  switch (state) {
    case "faulted":
      return [
        {
          extension,
          id: `${id}/stopped`,
          label: "Stopped after faults",
          icon: "error",
          color: "list.errorForeground",
          can: ["stopped"],
          tip: ["It was stopped after repeated faults.", "It does nothing until you enable it again. All else goes on."],
        },
        ...told,
      ];
    case "asks":
      return [
        {
          id: `${id}/asks`,
          label: "It wants more than you allowed",
          icon: "question",
          tip: ["It was stopped after repeated faults.", "It does nothing until you decide. Enable shows what it wants, and asks."],
        },
        ...told,
      ];
    default:
      return told;
  }
}

function whyNot({ id, whyNot: why }: ExtensionSummary): Row[] {
  return why ? [{ id: `${id}/whyNot`, label: "It cannot run:", description: why, icon: "warning", tip: [why] }] : [];
}

function faultRow(extension: ExtensionSummary, fault: string): Row {
  return {
    extension,
    id: `${extension.id}/fault`,
    label: "Last fault:",
    description: inBrief(fault),
    icon: "warning",
    tip: ["Its last fault:", { code: fault }],
    can: ["logged"],
    command: { id: "steward.client.showExtensionLog", title: "Show Log" },
  };
}

/** What it says in the end: of a trace that is its last line, and when it was stands in the tip. */
function inBrief(fault: string): string {
  const last = fault.trimEnd().split("\n").at(-1) ?? fault;
  return last.replace(/^\d{4}-\d\d-\d\d[T ][^ ]+, /, "");
}

/** Its commands and panels; there only while it runs. */
function bringing(extension: ExtensionSummary): Row[] {
  const { id, state, commands, panels } = extension;
  if (state !== "enabled") {
    return [];
  }
  return [
    ...commands.map((command): Row => ({
      ofExtension: { id, command: command.id },
      id: `${id}/command/${command.id}`,
      label: command.title,
      icon: "play",
      tip: [command.title, `The command ${command.id} of ${id}. A click runs it.`],
      can: ["extensionCommand"],
      command: { id: "steward.client.runExtensionCommand", title: "Run" },
    })),
    ...panels.map((panel): Row => ({
      ofExtension: { id, panel: panel.id },
      id: `${id}/panel/${panel.id}`,
      label: panel.title,
      icon: "preview",
      tip: [panel.title, `A panel of ${id}. A click shows it, once it has something to show.`],
      command: { id: "steward.client.showExtensionPanel", title: "Show" },
    })),
  ];
}

/** All that it asks for; each can be allowed and taken back. */
function mayRow(extension: ExtensionSummary): Row {
  const { id, grants } = extension;
  const given = grants.filter(({ granted }) => granted).length;
  return {
    id: `${id}/may`,
    label: grants.length === 0 ? "It may do nothing beyond its own work" : "It may",
    description: given === grants.length ? "" : `${given} of ${grants.length} allowed`,
    icon: "shield",
    children: grants.map((grant, number) => grantRow(id, grant, number)),
    isOpen: true,
  };
}

function grantRow(id: string, grant: ExtensionGrant, number: number): Row {
  const { capability, words, globs, reason, granted } = grant;
  // A narrow side bar has no room for both halves.
  const [what = words, how = ""] = words.split("; ");
  const only = globs.length === 0 ? "" : `only ${globs.join(", ")}`;
  return {
    ofExtension: { id, capability },
    id: `${id}/may/${capability}/${number}`,
    label: what,
    description: [granted ? "" : "not allowed", only, how].filter(Boolean).join(" · "),
    icon: granted ? "check" : "circle-slash",
    tip: [
      `${granted ? "It may" : "It may not"} ${words}.`,
      ...(globs.length === 0 ? [] : ["Only:", { code: globs.join("\n") }]),
      `It says why: ${reason}`,
    ],
    can: [granted ? "allowed" : "refused"],
  };
}

function facts(extension: ExtensionSummary): Row[] {
  const { id, activity, jail, isShipped, publisher } = extension;
  return [
    {
      extension,
      id: `${id}/activity`,
      label: counted(activity),
      description: asUsd(activity.costNanoUsd),
      icon: "pulse",
      tip: ["Since Steward's server started:", counted(activity), `It spent ${asUsd(activity.costNanoUsd)} of your budget.`],
      can: ["logged"],
      command: { id: "steward.client.showExtensionLog", title: "Show Log" },
    },
    {
      id: `${id}/from`,
      label: isShipped ? "Comes with Steward" : `By ${publisher}`,
      description: id,
      icon: "verified",
    },
    { id: `${id}/jail`, label: "Jail:", description: jail, icon: "lock", tip: [jail] },
  ];
}

function counted({ calls, refused, faults }: ExtensionActivity): string {
  const parts = [
    calls === 1 ? "1 call" : `${calls} calls`,
    ...(refused === 0 ? [] : [`${refused} refused`]),
    ...(faults === 0 ? [] : [faults === 1 ? "1 fault" : `${faults} faults`]),
  ];
  return parts.join(", ");
}

/** A sum, rounded up as the server does: nothing shown is less than was spent. */
export function asUsd(nanoUsd: number): string {
  return `$${(Math.ceil(nanoUsd / 1000) / 1e6).toFixed(6)}`;
}
