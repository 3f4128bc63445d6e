import { type ImageLayout, writeLayout } from './oci-layout.ts'

/** An image of nothing but the static program, which says `running <name>` and waits. */
export function writeProgramImage(folder: string, program: string, name: string, arch: string): ImageLayout {
  return writeLayout(folder, {
    arch,
    layers: [[{ path: 'app', kind: 'file', mode: 0o755, content: { file: program } }]],
    config: {
      entrypoint: ['/app', name],
      user: '65532:65532',
      // equal programs would else be one image, and a cached one would hide a pull
      labels: { 'org.opencontainers.image.title': name },
    },
  })
}
