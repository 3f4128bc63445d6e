import { type ImageLayout, writeLayout } from './oci-layout.ts'

/**
 * Writes an image with only the tool `sandbox-program`, which prints `running <name>` and waits.
 */
export function writeProgramImage(folder: string, program: string, name: string, arch: string): ImageLayout {
  return writeLayout(folder, {
    arch,
    layers: [[{ path: 'app', kind: 'file', mode: 0o755, content: { file: program } }]],
    config: {
      Entrypoint: ['/app', name],
      User: '65532:65532',
      // The label makes images with different names different. Otherwise a cached image could hide
      // the pull of another image.
      Labels: { 'org.opencontainers.image.title': name },
    },
  })
}
