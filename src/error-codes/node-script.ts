/** Codes of the script that installs the credential provider on a node. */
export const NODE_SCRIPT_CODES = {
  NODE_HOST: {
    what: 'The script cannot install the credential provider on this host; it changed nothing, or undid its changes.',
    fix: 'The message names the cause: no root, a missing program, an old glibc, a mount with noexec, or a label of SELinux.',
  },
  NODE_BUSY: {
    what: 'Another run of the script changes this node.',
    fix: 'Wait until it has ended, then run the script again.',
  },
  NODE_FETCH: {
    what: 'The archive for nodes could not be fetched; nothing was changed.',
    fix: 'Put the archive of the release where nodes can reach it, for example into OSS, and pass its address with `--url`. A path on the node works too.',
  },
  NODE_CHECKSUM: {
    what: 'The archive for nodes has a different SHA-256 from what the script expects; nothing was changed.',
    fix: 'Fetch the archive of this version again and compare it with SHA256SUMS of the release. For an archive of your own pass `--sha256`.',
  },
  NODE_PROVIDERS: {
    what: 'The kubelet has a configuration of credential providers that cannot be merged; nothing was changed.',
    fix: 'A kubelet has one configuration. Repair or remove what the message names, and run the script again.',
  },
  NODE_FLAG_FILE: {
    what: "The file of the kubelet's flags has a form that cannot be changed safely, or a line there would replace flags of the kubelet's unit; nothing was changed.",
    fix: 'Write the variable with all its flags once into this file, as one quoted text on one line, restart the kubelet, and run the script again.',
  },
  NODE_UNHEALTHY: {
    what: 'The kubelet was not healthy before the change; nothing was changed.',
    fix: 'Repair the kubelet first. If it answers at another address than port 10248 of the node, print the script with `--health-url`.',
  },
  NODE_UNDONE: {
    what: 'The script undid all its changes, because the kubelet was not healthy with them, or because the script was interrupted.',
    fix: 'Read the log of the kubelet (`journalctl -u kubelet`) for the reason, and run the script again.',
  },
  NODE_UNDO: {
    what: 'The script could not undo its changes completely, or the kubelet is not healthy although they are undone.',
    fix: 'The message names the files and where their copies are. Read the log of the kubelet (`journalctl -u kubelet`).',
  },
} as const
