// Stands in for the service of Claude Code, on 127.0.0.1: has the program run planner.sh as a tool,
// then says what that printed.  usage: node anthropic-stub.js PLANNER PORT-FILE
const http = require("http");
const fs = require("fs");
const [planner, portFile] = process.argv.slice(2);

const text = (content) =>
  typeof content === "string" ? content : content.map((part) => part.text || "").join("\n");
const quote = (word) => "'" + word.replace(/'/g, "'\\''") + "'";

// The block that answers a request: a call of the tool Bash first, then what it printed.
function answer(messages) {
  const last = messages[messages.length - 1].content;
  const result = Array.isArray(last) && last.find((part) => part.type === "tool_result");
  if (result) {
    return { type: "text", text: text(result.content) };
  }
  const prompt = messages.map((message) => text(message.content)).join("\n");
  const stage = /^Stage: (.*)$/m.exec(prompt);
  const work = /^Staged work dir: (.*)$/m.exec(prompt);
  if (!stage || !work) {
    return { type: "text", text: "no stage" };
  }
  const command = `env MIGHOST_STAGE=${quote(stage[1])} MIGHOST_VISIT=1 PLANNER_LOG=/dev/null ` +
    `PLANNER_REVIEW=findings MIGHOST_WORK_DIR=${quote(work[1])} ${quote(planner)} </dev/null`;
  return { type: "tool_use", id: "toolu_1", name: "Bash", input: { command } };
}

function events(block, model) {
  const isTool = block.type === "tool_use";
  const usage = { input_tokens: 100, output_tokens: 10 };
  return [
    { type: "message_start", message: { id: "msg_1", type: "message", role: "assistant", model,
      content: [], stop_reason: null, stop_sequence: null, usage } },
    { type: "content_block_start", index: 0,
      content_block: isTool ? { ...block, input: {} } : { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: isTool
      ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
      : { type: "text_delta", text: block.text } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", usage,
      delta: { stop_reason: isTool ? "tool_use" : "end_turn", stop_sequence: null } },
    { type: "message_stop" },
  ];
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    let body = {};
    try {
      body = JSON.parse(Buffer.concat(parts).toString());
    } catch {
      // not a question
    }
    if (!Array.isArray(body.messages)) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end("{}");
    } else if (!body.stream) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "msg_1", type: "message", role: "assistant",
        model: body.model, content: [{ type: "text", text: "ok" }], stop_reason: "end_turn",
        usage: { input_tokens: 1, output_tokens: 1 } }));
    } else {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of events(answer(body.messages), body.model)) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  fs.writeFileSync(portFile + ".new", String(server.address().port));
  fs.renameSync(portFile + ".new", portFile);
});
setTimeout(() => process.exit(0), 600000).unref(); // whatever happens to the spec
