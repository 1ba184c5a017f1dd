"""Directories, such as Active Directory: who is known there, and who that is here."""
