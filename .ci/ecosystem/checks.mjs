// What the programs for Node share: where the packages are, and how a check is reported.
//
//   node PROGRAM.mjs PORT FOLDER-OF-NODE_MODULES [PART-OF-A-CHECK'S-NAME]

import { createRequire } from "node:module";
import { join } from "node:path";

const [given, folder, only = ""] = process.argv.slice(2);

export const port = Number(given);
export const require = createRequire(join(folder, "package.json"));

const limit = (milliseconds) =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${milliseconds} ms`)), milliseconds).unref();
  });

// Runs each check with what `open` makes for it, closes that again, and ends the process.
export async function run(client, checks, { open, close, seconds = 60 }) {
  let failed = false;
  for (const [name, check] of Object.entries(checks).filter(([name]) => name.includes(only))) {
    const opened = await open();
    try {
      await Promise.race([check(...opened), limit(seconds * 1000)]);
      console.log(`ok     ${client}: ${name}`);
    } catch (error) {
      failed = true;
      console.log(`FAILED ${client}: ${name}\n${error.stack}`);
    }
    await close(...opened);
  }
  process.exit(failed ? 1 : 0);
}
