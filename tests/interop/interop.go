// Holds Tijori's notes, tiles and proofs against golang.org/x/mod/sumdb, which others wrote: its
// packages note and tlog do all that is checked here. Debian's golang-golang-x-mod-dev brings them;
// tests/interop_test.py builds this program and runs it.
//
//	interop export FOLDER VKEY [COSIGNER...] <PROOFS
//	    Checks an export: checkpoints, tiles, entries, and proofs, one a line:
//	        inclusion INDEX SIZE HASH...      of entry INDEX in the tree of the first SIZE entries
//	        consistency M N HASH...           of the tree of the first M entries with that of N
//	    where hashes are base64, in the order of RFC 6962.
//	interop sign NAME <TEXT
//	    Signs a text by a new key: prints the verifier key on a line, then the note.
//	interop cosign NAME VKEY <CHECKPOINT
//	    Cosigns a checkpoint as a witness by a new key: prints as sign does.
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight     = 8
	tileWidth      = 1 << tileHeight
	algCosignature = 0x04
	lineBytesMax   = 1 << 16 // a proof of 64 hashes has less than 3,000 bytes
)

// Cosignatures, of which x/mod knows nothing: C2SP's tlog-cosignature, type 0x04.

func cosignedMessage(timeS uint64, text []byte) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", timeS)), text...)
}

func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

type cosigner struct {
	name    string
	hash    uint32
	public  ed25519.PublicKey
	private ed25519.PrivateKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	timeS := binary.BigEndian.Uint64(sig)
	return ed25519.Verify(c.public, cosignedMessage(timeS, text), sig[8:])
}

func (c *cosigner) Sign(text []byte) ([]byte, error) {
	timeS := uint64(time.Now().Unix())
	sig := binary.BigEndian.AppendUint64(nil, timeS)
	return append(sig, ed25519.Sign(c.private, cosignedMessage(timeS, text))...), nil
}

func (c *cosigner) vkey() string {
	key := append([]byte{algCosignature}, c.public...)
	return fmt.Sprintf("%s+%08x+%s", c.name, c.hash, base64.StdEncoding.EncodeToString(key))
}

func newCosigner(name string) (*cosigner, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	hash := keyHash(name, append([]byte{algCosignature}, public...))
	return &cosigner{name, hash, public, private}, nil
}

func parseCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("a cosigner's key is NAME+ID+KEY")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, errors.New("not a cosigner's key: " + vkey)
	}
	if fmt.Sprintf("%08x", keyHash(parts[0], key)) != parts[1] {
		return nil, errors.New("the key id is another: " + vkey)
	}
	return &cosigner{parts[0], keyHash(parts[0], key), key[1:], nil}, nil
}

// An export.

// folder is a tlog.TileReader of tiles at C2SP's paths.
type folder string

func (f folder) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
}

func (f folder) Height() int                         { return tileHeight }
func (f folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// x/mod writes tile/8/L/N, with the height; C2SP's height is always 8, and not written.
		data, err := f.read("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) readBundle(number int64, width int) ([][]byte, error) {
	tile := tlog.Tile{H: tileHeight, L: 0, N: number, W: width}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/0/")
	data, err := f.read(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New(path + ": cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("%s: %d entries", path, len(entries))
	}
	return entries, nil
}

type export struct {
	folder    folder
	origin    string
	verifiers note.Verifiers
	tree      tlog.Tree
	hashes    tlog.HashReader
	cosigned  int
}

// open opens a checkpoint. x/mod's ParseTree wants a first line of its own where C2SP has the origin.
func (e *export) open(path string) (tlog.Tree, error) {
	data, err := e.folder.read(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, e.verifiers)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("%s: %w", path, err)
	}
	byLog := 0
	for _, sig := range opened.Sigs {
		if sig.Name == e.origin {
			byLog++
		}
	}
	e.cosigned += len(opened.Sigs) - byLog
	rest := strings.TrimPrefix(opened.Text, e.origin+"\n")
	if byLog == 0 || rest == opened.Text || strings.Count(rest, "\n") != 2 {
		return tlog.Tree{}, errors.New(path + ": not a checkpoint of " + e.origin)
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

func (e *export) checkStored() (int, error) {
	stored, err := filepath.Glob(filepath.Join(string(e.folder), "checkpoints", "*"))
	if err != nil {
		return 0, err
	}
	for _, path := range stored {
		tree, err := e.open("checkpoints/" + filepath.Base(path))
		if err != nil {
			return 0, err
		}
		if err := e.checkRoot(tree); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(stored), nil
}

func (e *export) root(size int64) (tlog.Hash, error) {
	if size < 1 || size > e.tree.N {
		return tlog.Hash{}, fmt.Errorf("a size of %d in a tree of %d", size, e.tree.N)
	}
	return tlog.TreeHash(size, e.hashes)
}

func (e *export) checkRoot(tree tlog.Tree) error {
	root, err := e.root(tree.N)
	if err == nil && root != tree.Hash {
		err = fmt.Errorf("the root of size %d is %v", tree.N, root)
	}
	return err
}

func (e *export) checkEntries() error {
	for first := int64(0); first < e.tree.N; first += tileWidth {
		width := tileWidth
		if e.tree.N-first < tileWidth {
			width = int(e.tree.N - first)
		}
		entries, err := e.folder.readBundle(first/tileWidth, width)
		if err != nil {
			return err
		}
		var indexes []int64
		for at := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(at)))
		}
		hashes, err := e.hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, entry := range entries {
			if tlog.RecordHash(entry) != hashes[at] {
				return fmt.Errorf("entry %d: not the leaf of the tree", first+int64(at))
			}
		}
	}
	return nil
}

// checkProof checks one line, and that each of its hashes matters: with a bit flipped it is refused.
func (e *export) checkProof(line string) error {
	words := strings.Fields(line)
	if len(words) < 3 {
		return errors.New("a proof is a kind, two numbers and hashes")
	}
	first, err1 := strconv.ParseInt(words[1], 10, 64)
	second, err2 := strconv.ParseInt(words[2], 10, 64)
	if err1 != nil || err2 != nil || first < 0 {
		return errors.New("not two numbers")
	}
	var path []tlog.Hash
	for _, word := range words[3:] {
		hash, err := tlog.ParseHash(word)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	check := e.checkInclusion
	if words[0] == "consistency" {
		check = e.checkConsistency
	} else if words[0] != "inclusion" {
		return errors.New("an unknown kind of proof")
	}
	if err := check(first, second, path); err != nil {
		return err
	}
	for at := range path {
		path[at][at%tlog.HashSize] ^= 1
		if check(first, second, path) == nil {
			return fmt.Errorf("hash %d does not matter", at)
		}
		path[at][at%tlog.HashSize] ^= 1
	}
	return nil
}

func (e *export) checkInclusion(index, size int64, path []tlog.Hash) error {
	root, err := e.root(size)
	if err != nil {
		return err
	}
	if index >= size {
		return errors.New("an index beyond the tree")
	}
	hashes, err := e.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, size, root, index, hashes[0])
}

func (e *export) checkConsistency(old, size int64, path []tlog.Hash) error {
	oldRoot, err := e.root(old)
	if err != nil {
		return err
	}
	root, err := e.root(size)
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, size, root, old, oldRoot)
}

func (e *export) checkProofs(input io.Reader) (map[string]int, error) {
	counts := map[string]int{}
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		if err := e.checkProof(lines.Text()); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		counts[strings.Fields(lines.Text())[0]]++
	}
	return counts, lines.Err()
}

func checkExport(at, vkey string, cosigners []string) error {
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{log}
	for _, key := range cosigners {
		c, err := parseCosigner(key)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, c)
	}
	e := export{folder: folder(at), origin: log.Name(), verifiers: note.VerifierList(verifiers...)}
	if e.tree, err = e.open("checkpoint"); err != nil {
		return err
	}
	e.hashes = tlog.TileHashReader(e.tree, e.folder)
	if err := e.checkRoot(e.tree); err != nil {
		return err
	}
	stored, err := e.checkStored()
	if err != nil {
		return err
	}
	if err := e.checkEntries(); err != nil {
		return err
	}
	counts, err := e.checkProofs(os.Stdin)
	if err != nil {
		return err
	}
	fmt.Printf("entries %d\ncheckpoints %d\ncosignatures %d\ninclusion %d\nconsistency %d\n",
		e.tree.N, 1+stored, e.cosigned, counts["inclusion"], counts["consistency"])
	return nil
}

// Notes of our own.

func printSigned(vkey string, opened *note.Note, signer note.Signer) error {
	signed, err := note.Sign(opened, signer)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s", vkey, signed)
	return nil
}

func sign(name string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	return printSigned(vkey, &note.Note{Text: string(text)}, signer)
}

func cosign(name, vkey string) error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open(data, note.VerifierList(log))
	if err != nil {
		return err
	}
	witness, err := newCosigner(name)
	if err != nil {
		return err
	}
	return printSigned(witness.vkey(), opened, witness)
}

func run(arguments []string) error {
	switch {
	case len(arguments) >= 3 && arguments[0] == "export":
		return checkExport(arguments[1], arguments[2], arguments[3:])
	case len(arguments) == 2 && arguments[0] == "sign":
		return sign(arguments[1])
	case len(arguments) == 3 && arguments[0] == "cosign":
		return cosign(arguments[1], arguments[2])
	}
	return errors.New("usage: interop export FOLDER VKEY [COSIGNER...] | sign NAME | cosign NAME VKEY")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}
