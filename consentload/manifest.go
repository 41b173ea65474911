package consentload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
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
	// SnapshotAt is the instant of which an export without times is, for a source that says snapshot_at: manifest.
	SnapshotAt *string `json:"snapshot_at"`
}

const manifestSuffix = ".manifest.json"

// Manifests returns where the manifest of an export may stand: app.csv.manifest.json or app.manifest.json.
func Manifests(path string) []string {
	return []string{path + manifestSuffix, strings.TrimSuffix(path, filepath.Ext(path)) + manifestSuffix}
}

// readManifest reads a file's manifest; nil when there is none. Unknown keys are in order: writers say more.
func readManifest(ctx context.Context, files formats.Files, export string) (*manifest, error) {
	for _, path := range Manifests(export) {
		text, err := files.ReadFile(ctx, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return parseManifest(path, text)
	}
	return nil, nil //nolint:nilnil // no manifest is an ordinary answer, and there is nothing else to say
}

func parseManifest(path string, text []byte) (*manifest, error) {
	m := &manifest{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(m); err != nil || decoder.More() {
		return nil, fault.New(fault.Input, path, "this is no manifest").
			Hint(`a manifest is {"rows": 1000, "bytes": 52000, "sha256": "…"}`)
	}
	if m.Rows == nil && m.Bytes == nil && m.SHA256 == nil && m.SnapshotAt == nil {
		return nil, fault.New(fault.Input, path, "the manifest says neither rows, bytes nor sha256").
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
