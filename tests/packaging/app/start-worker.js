const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => {
  document.querySelector("#said").textContent = JSON.stringify(data);
  document.title = "done";
};
worker.onerror = ({ message }) => worker.onmessage({ data: [message] });
