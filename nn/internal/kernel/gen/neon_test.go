package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// disassembler is that of Debian's package binutils-aarch64-linux-gnu.
const disassembler = "aarch64-linux-gnu-objdump"

// The text beside each word of NEON in the generated files is what a disassembler that
// knows nothing of the generator makes of it.
func TestWordsAreTheInstructionsBesideThem(t *testing.T) {
	if _, err := exec.LookPath(disassembler); err != nil {
		t.Skip(err)
	}
	var code []byte
	var want []string
	word := regexp.MustCompile(`(?m)^\tWORD \$(0x[0-9a-f]{8}) // (.*)$`)
	for _, in := range []target{kernel, noise} {
		files, err := filepath.Glob(filepath.Join(in.folder, "*_arm64.s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range word.FindAllStringSubmatch(string(text), -1) {
				bits, err := strconv.ParseUint(m[1], 0, 32)
				if err != nil {
					t.Fatal(err)
				}
				code, want = binary.LittleEndian.AppendUint32(code, uint32(bits)), append(want, m[2])
			}
		}
	}
	binaryFile := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(binaryFile, code, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(disassembler, "-D", "-b", "binary", "-m", "aarch64", binaryFile).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^ *[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$`).FindAllStringSubmatch(string(out), -1)
	if len(lines) != len(want) || len(want) == 0 {
		t.Fatalf("%d instructions of %d words", len(lines), len(want))
	}
	tidy := strings.NewReplacer("{ ", "{", " }", "}", "\t", " ")
	for i, line := range lines {
		if got := tidy.Replace(line[1]); got != want[i] {
			t.Fatalf("word %d of the files is %q, not %q", i, got, want[i])
		}
	}
}
