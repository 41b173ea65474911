package consentload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// manifest is the sidecar NAME.manifest.json of an export: what its writer says that it holds. A file cut at the end
// of a row looks whole; its manifest tells.
type manifest struct {
	Rows   *int64  `json:"rows"`
	Bytes  *int64  `json:"bytes"`
	SHA256 *string `json:"sha256"`
}

// ManifestSuffix makes the name of a manifest from that of its export.
const ManifestSuffix = ".manifest.json"

// readManifest reads a file's manifest; nil when there is none. Unknown keys are in order: writers say more.
func readManifest(path string) (*manifest, error) {
	text, err := os.ReadFile(path + ManifestSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no manifest is an ordinary answer, and there is nothing else to say
	}
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(m); err != nil || decoder.More() {
		return nil, fault.New(fault.Input, path+ManifestSuffix, "this is no manifest").
			Hint(`a manifest is {"rows": 1000, "bytes": 52000, "sha256": "…"}`)
	}
	if m.Rows == nil && m.Bytes == nil && m.SHA256 == nil {
		return nil, fault.New(fault.Input, path+ManifestSuffix, "the manifest says neither rows, bytes nor sha256").
			Hint("write at least one of them, so that the export can be checked")
	}
	return m, nil
}

// check compares an export that was read with its manifest.
func (m *manifest) check(rows int64, e formats.Evidence) error {
	var wrong []string
	if m.Rows != nil && *m.Rows != rows {
		wrong = append(wrong, fmt.Sprintf("%d rows, not %d", rows, *m.Rows))
	}
	if m.Bytes != nil && *m.Bytes != e.Size {
		wrong = append(wrong, fmt.Sprintf("%d bytes, not %d", e.Size, *m.Bytes))
	}
	if m.SHA256 != nil && !strings.EqualFold(*m.SHA256, e.SHA256) {
		wrong = append(wrong, "another SHA-256")
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.Input, e.Path, "the file is not as its manifest says: it has %s", strings.Join(wrong, ", ")).
		Hint("fetch the export again")
}
