/** The agents: those that come with Steward, those that were stored, and those of the folder. */

import type { AgentSummary, Enables } from "../protocol";
import type { Server } from "../server";
import type { Row } from "./row";

const titles: Record<string, string> = {
  shipped: "Shipped with Steward",
  stored: "Stored",
  workspace: "Of this folder",
};

/** One group for each place that agents come from. */
export async function agents(server: Server, hasFolder: boolean): Promise<Row[]> {
  const [listed, enables] = await Promise.all([
    server.execute<AgentSummary[]>("steward.agent.list"),
    hasFolder ? server.execute<Enables>("steward.workspace.enables") : undefined,
  ]);
  const of = (source: string): Row[] =>
    listed.filter((agent) => agent.source === source).map((agent) => rowOf(agent, listed));
  return [
    ...groupOf("workspace", of("workspace"), enables),
    ...(enables && enables.trusted !== true ? untrusted(enables) : []),
    ...groupOf("stored", of("stored")),
    ...groupOf("shipped", of("shipped")),
  ];
}

function groupOf(source: string, children: Row[], enables?: Enables): Row[] {
  if (children.length === 0 || (enables && enables.trusted !== true)) {
    return [];
  }
  return [{ id: source, label: titles[source] ?? source, children, isOpen: true }];
}

function rowOf(agent: AgentSummary, all: AgentSummary[]): Row {
  const isProblem = agent.problem !== "";
  const winner = all.find((one) => one.id === agent.id && one.counts);
  const why = isProblem
    ? "cannot be read"
    : agent.counts
      ? agent.id
      : `replaced by the one ${winner?.source === "workspace" ? "of this folder" : "stored"}`;
  return {
    agent,
    id: `${agent.source}/${agent.id}`,
    label: agent.name,
    description: why,
    icon: isProblem ? "warning" : agent.counts ? "hubot" : "circle-slash",
    tip: [agent.name, ...(isProblem ? [agent.problem] : [agent.description, agent.may])],
    can: ["agent", ...(agent.counts && !isProblem ? ["runnable"] : [])],
    command: { id: "steward.client.openAgent", title: "Open Definition" },
    children: isProblem
      ? [{ id: `${agent.source}/${agent.id}/problem`, label: agent.problem, icon: "warning" }]
      : powers(agent),
  };
}

function powers(agent: AgentSummary): Row[] {
  const at = `${agent.source}/${agent.id}`;
  return [
    { id: `${at}/about`, label: agent.description, icon: "info" },
    { id: `${at}/may`, label: agent.may, icon: "shield" },
    ...(agent.tools?.length
      ? [{ id: `${at}/tools`, label: "Tools", description: agent.tools.join(", "), icon: "tools" }]
      : []),
  ];
}

/** What the folder brings along and why it does not count; nothing where it brings nothing. */
function untrusted({ agents: brought, files, problem, trusted }: Enables): Row[] {
  if (brought.length + files.length === 0 && problem === "") {
    return [];
  }
  const why = trusted === null ? "does not count: you were not asked yet" : "does not count: not trusted";
  const rows: Row[] = [
    ...brought.map((agent) => ({
      id: `untrusted/${agent.id}`,
      path: agent.path,
      label: agent.name,
      description: "does not count until you trust this folder",
      icon: agent.problem ? "warning" : "lock",
      tip: [agent.name, agent.problem || agent.description, agent.may, "It does not count until you trust this folder."],
      can: ["file"],
      command: { id: "steward.client.openAgent", title: "Open Definition" },
    })),
    ...files.map((path) => ({
      id: `untrusted/${path}`,
      path,
      label: path,
      description: "instructions, not followed until you trust this folder",
      icon: "book",
      can: ["file"],
      command: { id: "steward.client.openAgent", title: "Open" },
    })),
    ...(problem === "" ? [] : [{ id: "untrusted/problem", label: problem, icon: "warning" }]),
  ];
  return [
    {
      id: "untrusted",
      label: titles["workspace"] ?? "",
      description: why,
      icon: "workspace-untrusted",
      tip: ["Nothing of this folder configures or runs anything until you trust it."],
      can: ["untrusted"],
      children: rows,
      isOpen: true,
    },
  ];
}
