/** The page of a document, with CodeMirror and Yjs, made into one module by `deno task bundle`. */
import "../documents/editor.js";
