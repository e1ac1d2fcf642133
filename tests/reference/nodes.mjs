// Finds nodes of a document, and builds mutations that change one of them.
import { visit } from 'graphql';

/** All nodes of these kinds, each with the list or node that contains it: {node, key, parent}. */
export function nodesOf(document, ...kinds) {
  const found = [];
  visit(document, {
    enter(node, key, parent) {
      if (kinds.includes(node.kind)) found.push({ node, key, parent });
    },
  });
  return found;
}

/** A mutation that picks one of the nodes of these kinds that `accepts` allows, and changes it with `change`. */
export const changing = (kinds, change, accepts = () => true) => (random, request) => {
  const nodes = nodesOf(request.document, ...kinds).filter(({ node }) => accepts(node));
  return nodes.length > 0 && change(random.pick(nodes), random, request) !== false;
};
