// Plays the transcripts against the WebAssembly's bindings: in Node, and in a page, so that all it needs comes in.

const encoder = new TextEncoder();
/** Reports that come as text; the others are JavaScript's own values. */
const TEXTS = ["tools", "drift", "findings", "listing"];

/** Plays one case; throws at the first turn in which the guard says anything else than expected. */
export function play(transcript, bindings) {
  const stage = { core: guard(transcript, bindings), transcript, bindings };
  for (const [number, turn] of transcript.turns.entries()) {
    const place = `turn ${number}`;
    const { kind, said } = take(stage, turn);
    if (!(kind in turn)) throw new Error(`${place}: ${kind} instead of what was expected: ${JSON.stringify(said)}`);
    const where = difference(said, turn[kind]);
    if (where !== undefined) throw new Error(`${place}, ${kind}${where}: ${JSON.stringify(said)}`);
    searchSecrets(transcript, JSON.stringify(withoutWaysOut(said)), place);
  }
}

/** Plays all cases of files as they are read; answers the name and the message of each that failed. */
export function playAll(files, bindings) {
  const failed = [];
  for (const { title, cases } of files) {
    for (const transcript of cases) {
      try {
        play(transcript, bindings);
      } catch (error) {
        failed.push(`${title}: ${transcript.name}: ${error?.message ?? JSON.stringify(error)}`);
      }
    }
  }
  return failed;
}

/** Reads a list of tools into a guard. */
export function list(core, tools, digit = "0") {
  const flow = { now: 0, entropy: digit.repeat(32), flow: { type: "list" } };
  const step = JSON.parse(core.start(JSON.stringify(flow)));
  const event = JSON.stringify({ step: step.id, now: 0, event: { type: "tools" } });
  const { outcome } = JSON.parse(core.handle(event, encoder.encode(JSON.stringify({ tools }))));
  if (outcome.type !== "listed") throw new Error(JSON.stringify(outcome));
}

function guard({ options, tools }, { Core }) {
  const core = new Core(JSON.stringify(options));
  if (tools) list(core, tools);
  return core;
}

/** One turn: what the guard said, and as what. */
function take(stage, turn) {
  try {
    return { kind: kindOf(turn), said: say(stage, turn) };
  } catch (error) {
    if (error?.code === undefined) throw error;
    return { kind: "error", said: error };
  }
}

function kindOf(turn) {
  if ("start" in turn || "event" in turn) return "step";
  return "resume" in turn || "restore" in turn ? "steps" : "value";
}

function say(stage, turn) {
  const { core, transcript, bindings } = stage;
  if (turn.start) return JSON.parse(core.start(JSON.stringify(turn.start), documentOf(turn)));
  if (turn.event) return JSON.parse(core.handle(JSON.stringify(turn.event), documentOf(turn)));
  if (turn.restore !== undefined) return JSON.parse(core.restore(turn.restore));
  if (turn.verify) return bindings.verifyAudit(encoder.encode(turn.verify.lines), JSON.stringify(turn.verify.options));
  if (turn.plain_read) {
    const { tool, now } = turn.plain_read;
    return core.isPlainRead(written(bindings, tool, documentOf(turn)), tool.length, now);
  }
  if (turn.plain_result) {
    const { tool } = turn.plain_result;
    return core.isPlainResult(written(bindings, tool, documentOf(turn)), tool.length);
  }
  if (turn.check) return JSON.parse(core.check(JSON.stringify(turn.check), documentOf(turn)));
  if (turn.remembered) return core.remembered(JSON.stringify(turn.remembered));
  if (turn.attach) {
    const options = turn.keep_lock ? { ...turn.attach, lock: core.lock() } : turn.attach;
    stage.core = guard({ options, tools: turn.tools }, bindings);
    return null;
  }
  if (turn.resume) {
    const snapshot = core.snapshot();
    searchSecrets(transcript, snapshot, "the snapshot");
    stage.core = guard({ ...transcript, ...(turn.options ? { options: turn.options } : {}) }, bindings);
    return JSON.parse(stage.core.restore(snapshot));
  }
  const report = turn.report === "silences" ? core.silences(turn.now) : core[turn.report]();
  return TEXTS.includes(turn.report) ? JSON.parse(report) : report;
}

/** Writes a name and a document into the module's room; the answer is how many bytes they are. */
function written({ room, memory }, name, document) {
  const before = encoder.encode(name);
  const length = before.length + document.length;
  const start = room(length);
  const view = new Uint8Array(memory.buffer, start, length);
  view.set(before);
  view.set(document, before.length);
  return length;
}

function documentOf({ repeat, document, json }) {
  const text = repeat
    ? repeat.before + repeat.text.repeat(repeat.times) + repeat.after
    : (document ?? (json === undefined ? undefined : JSON.stringify(json)));
  return text === undefined ? undefined : encoder.encode(text);
}

/** JSON Pointer to the first place where two values differ; `undefined` if they are the same. */
function difference(said, expected, place = "") {
  if (said === null || expected === null || typeof said !== "object" || typeof expected !== "object") {
    return Object.is(said, expected) ? undefined : place || "/";
  }
  const names = new Set([...Object.keys(said), ...Object.keys(expected)]);
  if (Array.isArray(said) !== Array.isArray(expected)) return place || "/";
  for (const name of names) {
    if (!Object.hasOwn(said, name) || !Object.hasOwn(expected, name)) return `${place}/${name}`;
    const where = difference(said[name], expected[name], `${place}/${name}`);
    if (where !== undefined) return where;
  }
  return undefined;
}

/** Without the two places where a secret may leave the core. */
function withoutWaysOut(said) {
  if (said?.type === "keep") return { ...said, secret: null };
  if (said?.type === "call_tool") return { ...said, arguments: null, request_state: null };
  return said;
}

function searchSecrets({ secrets }, text, place) {
  for (const secret of secrets ?? []) {
    if (text.includes(secret)) throw new Error(`a secret stands in what the guard said: ${place}`);
  }
}
