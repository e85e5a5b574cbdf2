// The server's description of itself, as much of OpenAPI 3.1 as it uses (crates/gateway/src/openapi.rs).

export interface Schema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

interface Parameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  description: string;
  schema: Schema;
}

interface Operation {
  summary: string;
  description?: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
  security: unknown[];
}

export interface Document {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
}

/** One thing that can be asked for. */
export interface Entry {
  method: string;
  path: string;
  group: string;
  operation: Operation;
}

export async function description(): Promise<Document> {
  const response = await fetch("/openapi.json", { signal: AbortSignal.timeout(20_000) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.json()) as Document;
}

/** All of it as a list, in groups that begin with the most used. */
export function entries(document: Document): Entry[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, group: groupOf(path), operation })),
  );
  return all.sort((one, other) => GROUPS.indexOf(one.group) - GROUPS.indexOf(other.group));
}

export const GROUPS = ["Sessions", "Terminals", "Access", "Server", "Addresses of the first plans"];

function groupOf(path: string): string {
  if (path.startsWith("/ws") || /\/(input|submit|keys|resize|screen|output|events)$/.test(path)) return "Terminals";
  if (path.startsWith("/api/v1/sessions")) return "Sessions";
  if (/^\/api\/v1\/(tokens|login|logout|me|connections)/.test(path)) return "Access";
  if (path.startsWith("/api/") && !path.startsWith("/api/v1/")) return "Addresses of the first plans";
  return "Server";
}

/** A schema in a word or two. */
export function kind(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.filter((value) => value !== null).map((value) => String(value)).join(" | ");
  const among = schema.anyOf ?? schema.oneOf;
  if (among !== undefined) return [...new Set(among.map(kind))].filter((word) => word !== "null").join(" | ");
  const types = [schema.type ?? "any"].flat().filter((type) => type !== "null");
  return types.map((type) => (type === "array" && schema.items !== undefined ? `${kind(schema.items)}[]` : type)).join(" | ");
}

/** The object in a schema that may also be null. */
export function object(schema: Schema): Schema {
  return schema.properties !== undefined ? schema : ([...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].find(({ properties }) => properties !== undefined) ?? schema);
}

/** A command line that asks for it. */
export function curl({ method, path, operation }: Entry): string {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  if (operation.security.length > 0) parts.push(`-H "authorization: Bearer $TOKEN"`);
  if (body !== undefined) parts.push(`-H "content-type: application/json"`, `-d '${JSON.stringify(sample(object(body)))}'`);
  return [...parts, `${location.origin}${path.replaceAll("{", "").replaceAll("}", "").replace(/\/(session|token|agent|action|project)\b/g, (_, name: string) => `/${name.toUpperCase()}`)}`].join(" ");
}

/** What is needed of an object, with values that fit. */
function sample(schema: Schema): unknown {
  const type = [schema.type].flat()[0];
  if (schema.enum !== undefined) return schema.enum[0];
  const choice = (schema.oneOf ?? schema.anyOf)?.[0];
  if (choice !== undefined) return choice.const ?? sample(choice);
  switch (type) {
    case "object": {
      const needed = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
      return Object.fromEntries(needed.map(([name, property]) => [name, sample(property)]));
    }
    case "array":
      return [schema.items === undefined ? "" : sample(schema.items)];
    case "integer":
    case "number":
      return schema.minimum ?? 0;
    case "boolean":
      return false;
    default:
      return "text";
  }
}
