#include "crypto/keyfile_fault.h"

#include "crypto/signature.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *tj_keyfile_status_text(enum tj_keyfile_status status)
{
    switch (status) {
    case TJ_KEYFILE_OK:
        return "ok";
    case TJ_KEYFILE_NOT_FOUND:
        return "no such key file";
    case TJ_KEYFILE_EXISTS:
        return "the file exists, and a key is never overwritten";
    case TJ_KEYFILE_DENIED:
        return "permission denied";
    case TJ_KEYFILE_IO:
        return "input or output error";
    case TJ_KEYFILE_FORMAT:
        return "not a private key in PEM of a type that is used here";
    case TJ_KEYFILE_PASSPHRASE:
        return "the key is encrypted and the passphrase is missing or wrong";
    }
    return "unknown key file status";
}

enum tj_keyfile_status tj_keyfile_blame(struct tj_keyfile_fault *fault, const char *remedy,
                                        const char *format, ...)
{
    va_list args;
    if (fault != NULL) {
        va_start(args, format);
        (void)vsnprintf(fault->found, sizeof fault->found, format, args);
        va_end(args);
        fault->remedy = remedy;
    }
    return TJ_KEYFILE_FORMAT;
}

const char tj_keyfile_new_key[] = "tijori key new NEW.pem";
/* Tells which private key a public one belongs to. */
static const char show_private[] = "tijori key show PRIVATE.pem";

static bool starts(const char *text, size_t size, const char *with)
{
    const size_t length = strlen(with);
    return size >= length && memcmp(text, with, length) == 0;
}

static bool holds(const char *text, size_t size, const char *what)
{
    for (size_t i = 0; i < size; i++) {
        if (starts(text + i, size - i, what)) {
            return true;
        }
    }
    return false;
}

/* 64 hex digits and white space. */
static bool is_hex_secret(const char *text, size_t size)
{
    size_t digits = 0;
    for (size_t i = 0; i < size; i++) {
        const bool digit = text[i] != '\0' && strchr("0123456789abcdefABCDEF", text[i]) != NULL;
        if (!digit && (text[i] == '\0' || strchr(" \t\r\n", text[i]) == NULL)) {
            return false;
        }
        digits += digit;
    }
    return digits == 2 * (size_t)TJ_SECRET_KEY_SIZE;
}

/* A sequence of ASN.1. Its first byte alone is the digit 0 as well. */
static bool is_der(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    return size > 2 && bytes[0] == 0x30 &&
           (bytes[1] == 0x81 || bytes[1] == 0x82 || bytes[1] == size - 2);
}

enum tj_keyfile_status tj_keyfile_blame_text(struct tj_keyfile_fault *fault, const char *text,
                                             size_t size)
{
    if (size == 0) {
        return tj_keyfile_blame(fault, NULL, "the file is empty");
    }
    if (starts(text, size, "\xff\xfe") || starts(text, size, "\xfe\xff")) {
        return tj_keyfile_blame(fault, NULL, "text in UTF-16: save it as plain text (ASCII)");
    }
    if (is_der(text, size)) {
        return tj_keyfile_blame(fault, "openssl pkcs8 -topk8 -inform DER -in FILE -out NEW.pem",
                                "binary (DER), where a key is text (PEM)");
    }
    if (starts(text, size, "PuTTY-User-Key-File")) {
        return tj_keyfile_blame(fault, tj_keyfile_new_key,
                                "a key of PuTTY, of a type that is not used here");
    }
    if (starts(text, size, "ssh-") || starts(text, size, "ecdsa-sha2-")) {
        return tj_keyfile_blame(fault, tj_keyfile_new_key,
                                "a public key of OpenSSH, not a private one");
    }
    if (starts(text, size, "{")) {
        return tj_keyfile_blame(fault, NULL, "JSON (a JWK or a key store), not PEM");
    }
    if (is_hex_secret(text, size)) {
        return tj_keyfile_blame(fault, NULL,
                                "64 hex digits, which do not say of what type the key "
                                "is; a key is in PKCS#8 PEM");
    }
    if (holds(text, size, "-----BEGIN ")) {
        return tj_keyfile_blame(fault, NULL,
                                "the line -----BEGIN PRIVATE KEY----- has something "
                                "before it, or lines end with CR alone");
    }
    if (holds(text, size, "PRIVATE KEY-----")) {
        return tj_keyfile_blame(fault, NULL, "the line -----BEGIN PRIVATE KEY----- is damaged");
    }
    return tj_keyfile_blame(fault, NULL, "no line -----BEGIN PRIVATE KEY----- in it");
}

/* ---- labels ---- */

static const char no_use[] = "of a type that is not used here";

static const struct {
    const char *label;
    const char *remedy;
    const char *found;
} labels[] = {
    {"RSA PRIVATE KEY", tj_keyfile_new_key, "an RSA key, of a type that is not used here"},
    {"DSA PRIVATE KEY", tj_keyfile_new_key, "a DSA key, of a type that is not used here"},
    {"OPENSSH PRIVATE KEY", tj_keyfile_new_key,
     "a key of OpenSSH, in a form that is not used here"},
    {"PUBLIC KEY", show_private, "a public key, not the private one that it belongs to"},
    {"RSA PUBLIC KEY", tj_keyfile_new_key, "a public key of RSA, a type that is not used here"},
    {"EC PUBLIC KEY", show_private, "a public key, not the private one that it belongs to"},
    {"CERTIFICATE", show_private, "a certificate, not a private key"},
    {"X509 CERTIFICATE", show_private, "a certificate, not a private key"},
    {"TRUSTED CERTIFICATE", show_private, "a certificate, not a private key"},
    {"CERTIFICATE REQUEST", show_private, "a request for a certificate, not a private key"},
    {"PGP PRIVATE KEY BLOCK", tj_keyfile_new_key,
     "a key of OpenPGP, in a form that is not used here"},
    {"PGP PUBLIC KEY BLOCK", tj_keyfile_new_key, "a public key of OpenPGP, not a private key"},
};

enum tj_keyfile_status tj_keyfile_blame_label(struct tj_keyfile_fault *fault, const char *label,
                                              size_t label_size, const char *rest, size_t rest_size)
{
    const char *const begin = "-----BEGIN ";
    const int shown = label_size < 60 ? (int)label_size : 60;
    if (starts(label, label_size, "EC PARAMETERS") && label_size == strlen("EC PARAMETERS")) {
        return tj_keyfile_blame(fault, tj_keyfile_new_key,
                                "the parameters of a curve (BEGIN EC PARAMETERS), "
                                "and no key");
    }
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (label_size == strlen(labels[i].label) &&
            memcmp(label, labels[i].label, label_size) == 0) {
            return tj_keyfile_blame(fault, labels[i].remedy, "%s (BEGIN %s)", labels[i].found,
                                    labels[i].label);
        }
    }
    return tj_keyfile_blame(fault, NULL, "a PEM file (BEGIN %.*s) %s%s", shown, label, no_use,
                            holds(rest, rest_size, begin) ? ", and more after it" : "");
}
