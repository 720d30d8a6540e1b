// Reads [{language, text}] and answers for each which places are no query, and, of PromQL, which
// series it asks for and by which labels it groups.
import { readFileSync } from "node:fs";
import { parser as logql } from "@grafana/lezer-logql";
import { parser as promql } from "@prometheus-io/lezer-promql";

function examine({ language, text }) {
  const tree = (language === "loki" ? logql : promql).parse(text);
  const found = { errors: [], selectors: [], grouping: [] };
  tree.iterate({
    enter(node) {
      const here = text.slice(node.from, node.to);
      if (node.type.isError) found.errors.push(`at ${node.from}: ${text.slice(node.from)}`);
      if (language === "loki") return;
      if (node.name === "VectorSelector") found.selectors.push({ name: "", matchers: [] });
      const last = found.selectors.at(-1);
      if (node.name === "Identifier" && node.matchContext(["VectorSelector"])) last.name = here;
      if (node.name === "UnquotedLabelMatcher") {
        const [, label, operator, value] = here.match(/^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/s);
        last.matchers.push({ label, operator, value });
      }
      if (node.name === "LabelName" && node.matchContext(["GroupingLabels"])) {
        found.grouping.push(here);
      }
    },
  });
  return found;
}

const queries = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(queries.map(examine)));
