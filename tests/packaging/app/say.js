/** Tells the test what came of a page. */
export function say(work) {
  work
    .catch((error) => `${error.name}: ${error.message}`)
    .then((said) => {
      document.querySelector("#said").textContent = JSON.stringify(said);
      document.title = "done";
    });
}
