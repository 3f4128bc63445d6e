const require=process.getBuiltinModule;
import{VERSION}from"./chunks/chunk-4XEBDG2F.js";import{require_node_url}from"./chunks/chunk-ZQ52WOOZ.js";import{__toESM}from"./chunks/chunk-SU4HHXBZ.js";var import_node_url=__toESM(require_node_url(),1);process.stdout.write(`acr-nopass ${VERSION}
`);var{runAction}=await import("./chunks/run-action-N2DBVWHK.js"),code=await runAction(process,(0,import_node_url.fileURLToPath)(new URL("../../chart",import.meta.url)));process.stdout.write("",()=>process.exit(code));
