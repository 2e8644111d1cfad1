package privacy

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
)

func (p *Privacy) sealFile(id int64) string {
	return filepath.Join(p.o.KeyDir, "request-"+strconv.FormatInt(id, 10)+".key")
}

// seal makes a key for one request, keeps it in a file, and returns the subject sealed with it.
func (p *Privacy) seal(id int64, subject string) (string, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("privacy: make a key: %w", err)
	}
	if err := writeSecret(p.sealFile(id), key); err != nil {
		return "", err
	}
	box, err := boxOf(key)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("privacy: make a nonce: %w", err)
	}
	return hex.EncodeToString(box.Seal(nonce, nonce, []byte(subject), purposeOf(id))), nil
}

// unseal returns the subject of a request that has not ended.
func (p *Privacy) unseal(r Request) (string, error) {
	key, err := readSecret(p.sealFile(r.ID))
	if err != nil {
		return "", fmt.Errorf("privacy: the key of request %d: %w", r.ID, err)
	}
	box, err := boxOf(key)
	if err != nil {
		return "", err
	}
	sealed, err := hex.DecodeString(r.subject)
	if err != nil || len(sealed) < box.NonceSize() {
		return "", fmt.Errorf("privacy: the subject of request %d is damaged", r.ID)
	}
	subject, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], purposeOf(r.ID))
	if err != nil {
		return "", fmt.Errorf("privacy: the subject of request %d cannot be opened: %w", r.ID, err)
	}
	return string(subject), nil
}

func boxOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("privacy: %w", err)
	}
	return cipher.NewGCM(block)
}

// purposeOf binds what is sealed to its request.
func purposeOf(id int64) []byte {
	return []byte("signalbox privacy request " + strconv.FormatInt(id, 10))
}
