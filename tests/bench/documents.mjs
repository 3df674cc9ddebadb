// The schema and the documents that every language's benchmark reads, written as one file so that all judge the same
// bytes. Everything is drawn from a seeded generator: each run has the same inputs.
//
//   node documents.mjs FILE

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** So many inputs take turns, lest a branch predictor or an inline cache learns one of them by heart. */
const INPUTS = 64;
const SIZES = { small: 0, medium: 20, large: 200 };

const STATUS = ["draft", "open", "paid", "shipped", "cancelled"];
const CURRENCIES = ["EUR", "USD", "HKD", "JPY"];

/** Only what drafts 7 and 2020-12 and every peer have in common. */
const schema = {
  type: "object",
  properties: {
    id: { type: "string", minLength: 4, maxLength: 32 },
    createdAt: { type: "string", format: "date-time" },
    status: { enum: STATUS },
    currency: { type: "string", enum: CURRENCIES },
    customer: {
      type: "object",
      properties: {
        name: { type: "string", minLength: 1, maxLength: 80 },
        email: { type: "string", format: "email" },
        address: {
          type: "object",
          properties: {
            street: { type: "string", minLength: 1, maxLength: 120 },
            city: { type: "string", minLength: 1, maxLength: 80 },
            country: { type: "string", minLength: 2, maxLength: 2 },
          },
          required: ["street", "city", "country"],
          additionalProperties: false,
        },
      },
      required: ["name", "email"],
      additionalProperties: false,
    },
    note: { type: "string", maxLength: 500 },
    items: {
      type: "array",
      maxItems: 500,
      items: {
        type: "object",
        properties: {
          sku: { type: "string", pattern: "^[A-Z]{2}-[0-9]{4}$" },
          name: { type: "string", minLength: 1, maxLength: 80 },
          quantity: { type: "integer", minimum: 1, maximum: 999 },
          unitPrice: { type: "number", minimum: 0 },
          taxed: { type: "boolean" },
          tags: { type: "array", maxItems: 8, items: { type: "string", minLength: 1, maxLength: 24 } },
          discount: { type: "integer", minimum: 0, maximum: 100 },
        },
        required: ["sku", "name", "quantity", "unitPrice"],
        additionalProperties: false,
      },
    },
  },
  required: ["id", "createdAt", "status", "customer", "items"],
  additionalProperties: false,
};

/** Mulberry32: small, and the same everywhere. */
function generator(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  return { below, of: (list) => list[below(list.length)] };
}

const WORDS = "amber birch cedar delta ember fjord grove heath inlet jetty kelp larch maple north olive pine".split(
  " ",
);
const GOODS = ["Espresso cup", "Linen napkin", "Oak tray", "Desk lamp", "Tea towel", "Glass jar", "Wool blanket"];
const TAGS = ["gift", "fragile", "new", "sale", "eco", "bulk"];
/** One beyond Latin-1 makes a whole JavaScript text two bytes wide. */
const FOREIGN = {
  people: ["Zoë Müller", "山田 花子", "Łukasz Żak"],
  goods: ["Tasse à café", "急須", "Öltuch"],
  cities: ["Zürich", "香港"],
};

const digits = (random, count) => Array.from({ length: count }, () => random.below(10)).join("");
const capital = (word) => word[0].toUpperCase() + word.slice(1);
const two = (number) => String(number).padStart(2, "0");

function item(random, isForeign) {
  const made = {
    sku: `${random.of(["AB", "CX", "ZQ"])}-${digits(random, 4)}`,
    name: isForeign && random.below(3) === 0 ? random.of(FOREIGN.goods) : `${random.of(GOODS)} ${random.below(100)}`,
    quantity: 1 + random.below(999),
    unitPrice: random.below(50_000) / 100,
    taxed: random.below(2) === 0,
    tags: Array.from({ length: random.below(3) }, () => random.of(TAGS)),
  };
  if (random.below(4) === 0) made.discount = random.below(100);
  return made;
}

function order(random, count, isForeign) {
  const [first, last] = [random.of(WORDS), random.of(WORDS)];
  const date = `2026-${two(1 + random.below(12))}-${two(1 + random.below(28))}`;
  const made = {
    id: `ord_${digits(random, 6)}`,
    createdAt: `${date}T${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}Z`,
    status: random.of(STATUS),
    customer: {
      name: isForeign ? random.of(FOREIGN.people) : `${capital(first)} ${capital(last)}`,
      email: `${first}.${last}@mail.example`,
    },
    items: Array.from({ length: count }, () => item(random, isForeign)),
  };
  if (count > 0) {
    made.currency = random.of(CURRENCIES);
    made.customer.address = {
      street: `${1 + random.below(200)} ${capital(random.of(WORDS))} Street`,
      city: isForeign ? random.of(FOREIGN.cities) : capital(random.of(WORDS)),
      country: random.of(["CH", "HK", "PT"]),
    };
    if (random.below(2) === 0) made.note = `Please leave it with the ${random.of(WORDS)} ${random.of(WORDS)}.`;
  }
  return made;
}

/** What agents and people get wrong, each of another keyword. */
const MISTAKES = [
  ({ createdAt, ...order }) => order,
  (order) => ({ ...order, status: "opne" }),
  (order) => ({ ...order, createdAt: "yesterday" }),
  (order) => ({ ...order, customer: { ...order.customer, email: "nobody at nowhere" } }),
  (order) => ({ ...order, customer: { ...order.customer, phone: "+41 44 000 00 00" } }),
  (order) => ({ ...order, id: 17 }),
  (order) => ({ ...order, customer: { ...order.customer, name: "" } }),
];
const ITEM_MISTAKES = [
  (item) => ({ ...item, quantity: 0 }),
  (item) => ({ ...item, quantity: "3" }),
  (item) => ({ ...item, sku: "ab-12" }),
  ({ unitPrice, ...item }) => item,
  (item) => ({ ...item, colour: "red" }),
  (item) => ({ ...item, taxed: "yes" }),
];

/** Two mistakes: one in the order, one in an item, or both in the order if it has none. */
function mistaken(random, count, position) {
  const made = MISTAKES[position % MISTAKES.length](order(random, count, false));
  if (count === 0) return MISTAKES[(position + 1) % MISTAKES.length](made);
  const wrong = random.below(count);
  const mistake = ITEM_MISTAKES[position % ITEM_MISTAKES.length];
  return { ...made, items: made.items.map((given, at) => (at === wrong ? mistake(given) : given)) };
}

/** The input schemas of a backend of the sandbox's size, no two alike. */
function toolSchemas(count) {
  const random = generator(165);
  const member = (position) => {
    const name = `${random.of(WORDS)}${position}`;
    const description = `The ${random.of(WORDS)} of the ${random.of(WORDS)}, as the ${random.of(WORDS)} gives it`;
    const made = random.of([
      () => ({ type: "string", minLength: 1, maxLength: 10 + random.below(200) }),
      () => ({ type: "string", pattern: `^${random.of(WORDS)}_[a-z0-9]{${4 + random.below(20)}}$` }),
      () => ({ type: "integer", minimum: 0, maximum: 10 + random.below(1000), default: 1 }),
      () => ({ enum: Array.from({ length: 2 + random.below(6) }, (_, choice) => `${random.of(WORDS)}_${choice}`) }),
      () => ({ type: "string", format: random.of(["date-time", "date", "email", "uuid", "uri"]) }),
      () => ({ type: "boolean" }),
      () => ({ type: ["string", "null"], maxLength: 80 }),
      () => ({ type: "array", maxItems: 5 + random.below(50), items: { type: "string", minLength: 1 } }),
      () => ({ anyOf: [{ type: "number", minimum: 0 }, { const: random.of(WORDS) }] }),
      () => ({
        type: "object",
        properties: {
          from: { type: "string", format: "date" },
          label: { type: "string", maxLength: 5 + random.below(60) },
        },
        required: ["from"],
        additionalProperties: false,
      }),
    ])();
    return [name, { ...made, description }];
  };
  return Array.from({ length: count }, () => {
    const members = Array.from({ length: 2 + random.below(9) }, (_, position) => member(position));
    const required = members.filter(() => random.below(3) === 0).map(([name]) => name);
    const additional = random.below(4) === 0 ? {} : { additionalProperties: false };
    return { type: "object", properties: Object.fromEntries(members), required, ...additional };
  });
}

const seeded = (seed, make) => {
  const random = generator(seed);
  return Array.from({ length: INPUTS }, (_, position) => JSON.stringify(make(random, position)));
};

const documents = {};
for (const [size, count] of Object.entries(SIZES)) {
  documents[size] = {
    valid: seeded(1 + count, (random) => order(random, count, false)),
    mistaken: seeded(2 + count, (random, position) => mistaken(random, count, position)),
  };
}
for (const size of ["medium", "large"]) {
  documents[`${size}, not ASCII`] = { valid: seeded(3 + SIZES[size], (random) => order(random, SIZES[size], true)) };
}

const file = process.argv[2];
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, JSON.stringify({ schema, documents, tools: toolSchemas(165) }));
