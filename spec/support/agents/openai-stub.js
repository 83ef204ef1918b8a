// Stands in for the service of Codex, on 127.0.0.1: has the program run planner.sh as a tool, then
// says what that printed.  usage: node openai-stub.js PLANNER PORT-FILE
const http = require("http");
const fs = require("fs");
const [planner, portFile] = process.argv.slice(2);

const quote = (word) => "'" + word.replace(/'/g, "'\\''") + "'";

// What the service says: a call of the tool exec_command first, then what it printed.
function answer(input) {
  const last = input[input.length - 1];
  if (last.type === "function_call_output") {
    const output = typeof last.output === "string" ? last.output : JSON.stringify(last.output);
    const said = /(?:^|\n)Output:\n([^]*)$/.exec(output);
    return { type: "message", id: "msg_1", role: "assistant", status: "completed",
      content: [{ type: "output_text", text: said ? said[1] : output, annotations: [] }] };
  }
  const prompt = (last.content || []).map((part) => part.text || "").join("\n");
  const stage = /^Stage: (.*)$/m.exec(prompt);
  const work = /^Staged work dir: (.*)$/m.exec(prompt);
  const command = `env MIGHOST_STAGE=${quote(stage[1])} MIGHOST_VISIT=1 PLANNER_LOG=/dev/null ` +
    `PLANNER_REVIEW=findings MIGHOST_WORK_DIR=${quote(work[1])} ${quote(planner)} </dev/null`;
  return { type: "function_call", id: "fc_1", call_id: "call_1", name: "exec_command",
    arguments: JSON.stringify({ cmd: command, login: false }), status: "completed" };
}

function events(item) {
  const usage = { input_tokens: 100, input_tokens_details: { cached_tokens: 0 }, output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 110 };
  return [
    { type: "response.created", response: { id: "resp_1" } },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { id: "resp_1", output: [item], usage } },
  ];
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    if (!/\/responses$/.test(request.url)) {
      response.writeHead(404, { "content-type": "application/json" });
      return response.end("{}");
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events(answer(JSON.parse(Buffer.concat(parts).toString()).input))) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => {
  fs.writeFileSync(portFile + ".new", String(server.address().port));
  fs.renameSync(portFile + ".new", portFile);
});
setTimeout(() => process.exit(0), 600000).unref(); // whatever happens to the spec
