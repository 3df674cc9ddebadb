import { digest, init } from "toolgate";

init().then(
  () => postMessage([digest("{}")]),
  (error) => postMessage([String(error)]),
);
