// Runs the official JSON-Schema-Test-Suite: in Node, and in a page, so that all it needs comes in.

/**
 * Runs the groups; whatever disagrees is in the answer.
 * Text and bytes are the file's own. Objects are what `JSON.parse` makes of them, in an array behind a reference,
 * because a string that stands alone would be taken for text.
 */
export function runSuite({ resources, groups }, compile) {
  const failed = [];
  const encoder = new TextEncoder();
  const uri = "http://localhost:1234/the-schema-of-the-group.json";
  for (const { schema, options, tests } of groups) {
    let validator;
    let ofItems;
    let problem;
    // Reading all remotes for every group would be most of the work.
    const remotes = schema.includes("http://localhost:1234/") ? resources : {};
    try {
      validator = compile(schema, { ...options, resources: remotes });
      ofItems = compile({ items: { $ref: uri } }, { ...options, resources: { ...remotes, [uri]: JSON.parse(schema) } });
    } catch (error) {
      problem = `${error.message}`;
    }
    for (const { name, data, valid } of tests) {
      let said = problem;
      if (problem === undefined) {
        const bytes = encoder.encode(data);
        const items = [JSON.parse(data)];
        const verdicts = {
          text: validator.isValid(data),
          bytes: validator.isValid(bytes),
          object: ofItems.isValid(items),
          textExplained: validator.validate(data).length === 0,
          bytesExplained: validator.validate(bytes).length === 0,
          objectExplained: ofItems.validate(items).length === 0,
        };
        if (Object.values(verdicts).every((verdict) => verdict === valid)) continue;
        said = JSON.stringify(verdicts);
      }
      failed.push({ name, said });
    }
  }
  return failed;
}
